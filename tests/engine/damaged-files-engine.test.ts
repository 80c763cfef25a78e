/** A damaged lineage.json does not stop the engine: it is recovered, reported, and trained on. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lastGoodOf } from '../../src-main/formats/files.ts';
import { until, Workspace } from './fixtures/workspace.ts';

let w: Workspace;
beforeEach(() => {
  w = new Workspace();
  w.configure({ save_steps: 5 });
});
afterEach(() => w.end());

const lineagePath = (): string => path.join(w.folder, 'current_model', 'lineage.json');

function withoutField(file: string, name: string): void {
  const { [name]: _removed, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as Record<
    string,
    unknown
  >;
  writeFileSync(file, JSON.stringify(rest));
}

const damages: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  [
    'is cut',
    (file) => {
      truncateSync(file, 40);
    },
    /is not valid JSON/,
  ],
  [
    'is empty',
    (file) => {
      truncateSync(file, 0);
    },
    /is empty/,
  ],
  [
    'is garbage',
    (file) => {
      writeFileSync(file, Buffer.from([0, 255, 3, 7, 200]));
    },
    /is not valid JSON/,
  ],
  [
    'lacks its branch',
    (file) => {
      withoutField(file, 'branch');
    },
    /: branch: /,
  ],
];

/** One completed dataset, 10 steps; the engine is stopped. */
async function trainedAndStopped(): Promise<void> {
  await w.withBase();
  const [dataset] = await w.add(w.rows('a.jsonl', 42));
  await w.at(dataset?.id ?? '', 'completed', 90);
  await until('the head follows the version', () => w.engine.rooms.lineage.current()?.head === 10);
  await w.stop();
}

async function expectRecovered(problem: RegExp, used: string): Promise<void> {
  const { api, rooms } = await w.start();
  expect(rooms.lineage.current()).toMatchObject({
    branch: 'main',
    head: 10,
    base: { id: 'starter' },
  });
  expect(w.json('current_model', 'lineage.json')).toMatchObject({ branch: 'main', head: 10 });
  const entry = rooms.journal.recent().find(({ what }) => what === 'lineage.recovered');
  expect(entry?.text).toMatch(problem);
  expect(entry?.text).toContain(lineagePath());
  expect(entry?.evidence).toMatchObject({ file: lineagePath(), used });
  expect(api.notices.list().map(({ body }) => body)).toContain(entry?.text);

  const [next] = await w.add(w.rows('b.jsonl', 42));
  await w.at(next?.id ?? '', 'completed', 90);
  await until('step 20 is the head', () => rooms.lineage.current()?.head === 20);
  expect(rooms.lineage.branch()).toBe('main');
}

test.each(damages)(
  'lineage.json %s: its last good copy is used',
  async (_name, damage, problem) => {
    await trainedAndStopped();
    damage(lineagePath());
    await expectRecovered(problem, 'from last good copy');
  },
);

test.each([
  ...damages,
  [
    'is missing',
    (file: string) => {
      rmSync(file);
    },
    /is missing/,
  ] as const,
])(
  'lineage.json %s and has no copy: it is rebuilt from the checkpoints',
  async (_name, damage, problem) => {
    await trainedAndStopped();
    rmSync(lastGoodOf(lineagePath()));
    damage(lineagePath());
    await expectRecovered(problem, 'rebuilt');
  },
);

test('checkpoints that cannot replace a damaged lineage.json: refused, nothing starts over', async () => {
  await trainedAndStopped();
  rmSync(lastGoodOf(lineagePath()));
  writeFileSync(lineagePath(), '{');
  for (const step of ['step-00000005', 'step-00000010'])
    rmSync(path.join(w.folder, 'current_model/checkpoints/main', step, 'manifest.json'), {
      force: true,
    });
  await expect(w.start()).rejects.toMatchObject({ code: 'NOT_READY' });
  expect(readFileSync(lineagePath(), 'utf8')).toBe('{');
});

test('a lineage.json of a newer version is refused with both numbers and stays as it is', async () => {
  await trainedAndStopped();
  const newer = JSON.stringify({ format: 7, branches: 'of another kind' });
  writeFileSync(lineagePath(), newer);
  await expect(w.start()).rejects.toMatchObject({
    code: 'NOT_READY',
    message: expect.stringMatching(/has format 7; this version of Nightshift reads format 1/),
  });
  expect(readFileSync(lineagePath(), 'utf8')).toBe(newer);
});

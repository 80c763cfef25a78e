/** Passes that a crash, or somebody who moves files, leaves open although another one saved after them. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type WorkspacePaths, workspacePaths } from '../../src-main/formats/workspace.ts';
import { sha256File } from '../../src-main/kit/index.ts';
import { build, type Rooms, start } from './fixtures/restore-alone.ts';

let paths: WorkspacePaths;
let rooms: Rooms | null = null;
const json = (...parts: string[]): Record<string, unknown> =>
  JSON.parse(readFileSync(path.join(...parts), 'utf8')) as Record<string, unknown>;
const change = (file: string, changes: object): void => {
  writeFileSync(file, JSON.stringify({ ...json(file), ...changes }));
};
const checkpoint = (step: number): string =>
  path.join(paths.checkpoints('main'), `step-0000000${String(step)}`);

/** Of b, step 3 of 3 and 4 is saved, with rows 1 to 4; c was begun after it. */
beforeEach(() => {
  paths = workspacePaths(mkdtempSync(path.join(tmpdir(), 'nightshift-passes-')));
  build(paths.root);
  const folder = paths.dataset('d-b');
  change(path.join(folder, 'pass.json'), { state: 'open' });
  change(path.join(folder, 'meta.json'), { place_hint: 'processing', done_steps: 1 });
  const step = { branch: 'main', run: 'r', step: 3, epoch: 0, position: 4, rows: [1, 2, 3, 4] };
  writeFileSync(path.join(folder, 'ledger.jsonl'), `${JSON.stringify(step)}\n`);
  rmSync(checkpoint(4), { recursive: true });
});
afterEach(async () => {
  await rooms?.close();
  rooms = null;
  rmSync(paths.root, { recursive: true });
});
const move = (name: string, from: keyof WorkspacePaths['queue'], to: typeof from): void => {
  mkdirSync(paths.queue[to], { recursive: true });
  renameSync(path.join(paths.queue[from], name), path.join(paths.queue[to], name));
};

test.each([
  ['the newer one saved', 5],
  ['the older one saved last', 3],
] as const)('of two open passes the older one continues at its place: %s', async (_, newest) => {
  move('b.jsonl', 'completed', 'processing');
  if (newest === 3) {
    renameSync(checkpoint(5), checkpoint(3));
    const manifest = path.join(checkpoint(3), 'manifest.json');
    const cursor = { ...(json(manifest)['cursor'] as object), dataset: 'd-b', pass: 'p-d-b' };
    change(manifest, { step: 3, cursor: { ...cursor, position: 4, steps_done: 1 } });
  }
  rooms = await start(paths.root);
  expect(rooms.failures).toEqual([]);
  expect(rooms.rooms.queue.open()?.dataset.id).toBe('d-c');
  const [waiting] = rooms.rooms.datasets.queued();
  expect(waiting?.id).toBe('d-b');
  const folder = paths.dataset('d-b');
  expect(json(folder, 'pass.json')).toMatchObject({ state: 'again' });
  expect(json(folder, 'cursor.json')).toMatchObject({ position: 4, epoch: 0, step: 3 });
  expect(json(folder, 'meta.json')).toMatchObject({ done_steps: 1, resumes_at: 4 });
});

test('a dataset that somebody moved to the queue continues behind what another one saved after it', async () => {
  move('b.jsonl', 'completed', 'normal');
  move('c.jsonl', 'processing', 'completed');
  change(path.join(paths.dataset('d-c'), 'pass.json'), { state: 'completed' });
  const folder = paths.dataset('d-b');
  const sha256 = await sha256File(path.join(paths.queue.normal, 'b.jsonl'));
  change(path.join(folder, 'meta.json'), { seen: { bytes: 5, mtime_ms: 1, sha256 } });
  rooms = await start(paths.root);
  await rooms.rooms.queue.resume('test');
  await expect
    .poll(() => json(folder, 'pass.json'))
    .toMatchObject({ state: 'open', start: { position: 4, epoch: 0 }, head_step: 5 });
  expect(json(folder, 'pass.json')['pass']).not.toBe('p-d-b');
  expect(rooms.failures).toEqual([]);
});

/** Damage in the files of a workspace is found and kept; what others can read is closed or reported. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorkspaceFolders } from '../../src-main/engine/composition/workspace-folders.ts';
import { checkFiles, checkPermissions } from '../../src-main/engine/health/checks.ts';
import { createDamageReport } from '../../src-main/engine/health/damage.ts';
import { readOpenPlaces } from '../../src-main/engine/health/permissions.ts';
import type { Journal } from '../../src-main/engine/journal/index.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { sealedText } from '../../src-main/kit/index.ts';
import { examples } from './formats-examples.ts';

let root: string;
let journaled: string[];
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-file-damage-'));
  journaled = [];
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});
const paths = () => workspacePaths(path.join(root, 'w'));
const report = () =>
  createDamageReport({
    paths: paths(),
    clock: { now: () => 1_767_225_600 },
    journal: {
      write: ({ text }: { text: string }) => journaled.push(text),
    } as unknown as Journal,
  });
function write(file: string, content: string): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}
const version = path.join('models', 'versions', 'v001_a', 'version.json');

test('version.json, base.json, the newest manifest and the fixed validation set are named', async () => {
  const files = [
    version,
    'models/starter/base.json',
    'current_model/checkpoints/main/step-00000005/manifest.json',
    'data/validation/core/core.json',
    'data/validation/core/records.jsonl',
  ].map((name) => write(path.join(paths().root, name), '{"a":\n'));
  const damage = await report();
  expect(
    damage
      .found()
      .map(({ file }) => file)
      .sort(),
  ).toEqual([...files].sort());
  const { state, evidence } = checkFiles(damage.found(), []);
  expect(state).toBe('warn');
  for (const file of files) expect(evidence).toContain(file);
  expect(journaled).toHaveLength(files.length);
  await damage.inspectAll();
  // Each is told once.
  expect(journaled).toHaveLength(files.length);
});

test('a seal that does not match is damage, and a good file is none', async () => {
  const file = path.join(paths().root, version);
  const content = sealedText({ ...examples.version, seal: undefined, name: 'v001_a' });
  write(file, content);
  expect((await report()).found()).toEqual([]);
  write(file, content.replace('"step": ', '"step":  '));
  expect((await report()).found()[0]?.problem).toContain('checksum mismatch');
});

test('what the engine writes again is kept before, once', async () => {
  const file = write(paths().notices, '{"format": 7, "of": "a newer version"}');
  const first = await report();
  expect(journaled.join()).toContain('What it held is kept in notices.json.damaged-');
  await report();
  const kept = readdirSync(path.dirname(file)).filter((name) => name.includes('.damaged-'));
  expect(kept).toHaveLength(1);
  expect(readFileSync(path.join(path.dirname(file), kept[0] ?? ''), 'utf8')).toContain('newer');
  // Another content of the same length is kept, too.
  write(file, '{"format": 8, "of": "a newer version"}');
  await report();
  expect(readdirSync(path.dirname(file)).filter((name) => name.includes('.damaged-'))).toHaveLength(
    2,
  );
  write(file, JSON.stringify(examples.notices));
  await first.inspectState();
  expect(first.found()).toEqual([]);
  // It was repaired by being replaced, which the user is told until the next start.
  expect(checkFiles(first.found(), first.repaired())).toMatchObject({
    state: 'warn',
    evidence: expect.stringContaining('notices.json') as string,
  });
});

test.skipIf(process.platform === 'win32')(
  'what earlier versions left readable is closed, what somebody chose is reported',
  async () => {
    const { runs, inbox, config } = paths();
    for (const folder of [runs, inbox]) mkdirSync(folder, { recursive: true });
    chmodSync(paths().root, 0o755);
    chmodSync(runs, 0o755);
    chmodSync(inbox, 0o2770);
    chmodSync(write(config, '{}'), 0o644);
    await createWorkspaceFolders(paths());
    expect(statSync(runs).mode & 0o777).toBe(0o700);
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect(statSync(paths().logs).mode & 0o777).toBe(0o700);
    // The folder itself and the shared inbox were made by somebody else.
    expect(statSync(paths().root).mode & 0o777).toBe(0o755);
    const open = await readOpenPlaces(paths());
    expect(open).toEqual([{ name: 'inbox', mode: 0o770 }]);
    expect(checkPermissions(open, paths().root)).toMatchObject({
      state: 'warn',
      evidence: 'Other accounts can open inbox (mode 770).',
    });
    chmodSync(paths().root, 0o700);
    expect(await readOpenPlaces(paths())).toEqual([]);
    expect(checkPermissions([], paths().root).state).toBe('ok');
  },
);

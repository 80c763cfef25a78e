/** Readers of folders and of sealed files, over a small workspace with junk in it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  baseFile,
  checkpointName,
  listBranchFolders,
  listCheckpoints,
  listVersions,
  queueFile,
  readFormat,
  readJournal,
  readOrNull,
  readSealedFormat,
  versionFile,
  workspacePaths,
  writeFormat,
} from '../../src-main/formats/index.ts';
import { writeSealed } from '../../src-main/kit/index.ts';
import { examples } from './formats-examples.ts';

let paths: ReturnType<typeof workspacePaths>;
beforeEach(() => {
  paths = workspacePaths(mkdtempSync(path.join(os.tmpdir(), 'nightshift-folders-')));
});
afterEach(() => {
  rmSync(paths.root, { recursive: true, force: true });
});

function write(file: string, content: unknown): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function checkpoint(branch: string, step: number, changes: object = {}): string {
  const folder = path.join(paths.checkpoints(branch), checkpointName(step));
  write(path.join(folder, 'model', 'model.safetensors'), '0123456789');
  write(path.join(folder, 'manifest.json'), {
    ...examples['checkpoint-manifest'],
    ...{ branch, step, ...changes },
  });
  return folder;
}

test('checkpoints: newest first by number, with what their sizes say', async () => {
  checkpoint('main', 900);
  const newest = checkpoint('main', 1000);
  checkpoint('main', 7, { step: 8 });
  rmSync(path.join(checkpoint('main', 20), 'model', 'model.safetensors'));
  write(path.join(checkpoint('main', 30), 'model', 'model.safetensors'), '01234');
  write(path.join(paths.checkpoints('main'), checkpointName(40), 'manifest.json'), '{"step": 4');
  mkdirSync(path.join(paths.checkpoints('main'), '.step-00000050.1.partial'));
  mkdirSync(path.join(paths.branches, '.branch-2.1.partial'));
  write(path.join(paths.branches, 'a file'), '');

  const found = await listCheckpoints(paths.checkpoints('main'));
  expect(found.map(({ step, bytes, problem }) => [step, bytes, problem])).toEqual([
    [1000, 10, null],
    [900, 10, null],
    [30, 5, 'model/model.safetensors has 5 bytes, expected 10'],
    [20, 0, 'model/model.safetensors is missing'],
  ]);
  expect(found[0]?.folder).toBe(newest);
  expect(await listBranchFolders(paths)).toEqual(['main']);
  expect(await listCheckpoints(paths.checkpoints('branch-9'))).toEqual([]);
});

test('versions: newest first, at the place where they lie now', async () => {
  for (const number of [1, 2, 10])
    write(path.join(paths.versions, `v${String(number)}_a`, 'version.json'), {
      ...examples.version,
      name: `v${String(number)}_a`,
      number,
    });
  write(path.join(paths.versions, 'v011_broken', 'version.json'), '{');
  write(path.join(paths.versions, '.trash', 'v003_a.1', 'version.json'), examples.version);
  const found = await listVersions(paths);
  expect(found.map((version) => version.number)).toEqual([10, 2, 1]);
  expect(found[0]?.folder).toBe(path.join(paths.versions, 'v10_a'));
});

test('the journal: newest first over its months, cut lines skipped', async () => {
  const line = (id: string): string => `${JSON.stringify({ ...examples.journal, id })}\n`;
  write(path.join(paths.journal, '202512.jsonl'), line('a') + line('b'));
  write(path.join(paths.journal, '202601.jsonl'), `${line('c')}{"id": "cut"\n${line('d')}{"id"`);
  write(path.join(paths.journal, 'notes.jsonl'), line('x'));
  const ids = async (limit: number) =>
    (await readJournal(paths.journal, limit)).map((entry) => entry.id);
  expect(await ids(10)).toEqual(['d', 'c', 'b', 'a']);
  expect(await ids(3)).toEqual(['d', 'c', 'b']);
});

test('a sealed file: the seal covers the bytes, then old names are mapped', async () => {
  const file = path.join(paths.root, 'version.json');
  await writeSealed(file, { ...examples.version, seal: undefined });
  expect(await readSealedFormat(file, versionFile)).toEqual({
    ...{ ok: true, sealed: true, value: examples.version },
  });
  write(file, readFileSync(file, 'utf8').replace('"step": 7', '"step": 8'));
  expect(await readSealedFormat(file, versionFile)).toMatchObject({ ok: false, missing: false });
  write(file, examples.version);
  expect(await readSealedFormat(file, versionFile)).toMatchObject({ ok: true, sealed: false });
  rmSync(file);
  expect(await readSealedFormat(file, versionFile)).toMatchObject({ ok: false, missing: true });
});

test('one file: absent, damaged, written', async () => {
  const file = paths.queueState;
  expect(await readFormat(file, queueFile)).toBeNull();
  write(file, '{');
  expect(await readFormat(file, queueFile)).toMatchObject({ ok: false, reason: 'not_json' });
  expect(await readOrNull(file, queueFile)).toBeNull();
  await writeFormat(file, queueFile, {
    ...{ desired_state: 'running', since: 5, by: 'you', note: null },
  });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    ...{ format: 1, desired_state: 'running', since: 5, by: 'you', note: null },
  });
  expect(await readOrNull(path.dirname(file), baseFile)).toBeNull();
});

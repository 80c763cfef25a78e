/** Backups by a running engine: independent copies that are read back, verified by content, and never half there. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Backup, BackupSource } from '../../src-main/contract/index.ts';
import { until, Workspace } from './fixtures/workspace.ts';

let w: Workspace;
beforeEach(() => {
  w = new Workspace();
  w.configure({ save_steps: 4 });
});
afterEach(() => w.end());

const by = 'test';
const create = (source: BackupSource, reason = 'a test'): Promise<Backup> =>
  w.engine.api.backups.create({ source, type: 'manual', reason, by });
const inBackups = (): readonly string[] =>
  readdirSync(path.join(w.folder, 'models/backups'), { recursive: true }).map(String);

/** One trained dataset: a checkpoint, a version. */
async function trained(): Promise<void> {
  await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  await w.at(a?.id ?? '', 'completed');
}

test('the model: newest checkpoint that verifies, lineage and pass, in files of its own', async () => {
  await trained();
  const newest = await w.engine.rooms.versions.newestCheckpoint();
  const made = await create({ kind: 'model' }, 'before the holidays');
  expect(made).toMatchObject({
    type: 'manual',
    reason: 'before the holidays',
    branch: 'main',
    step: newest?.step,
    holds: 'weights, optimiser, data place',
    verified: { ok: true, problem: null },
  });
  const content = path.join(made.folder, 'content');
  const inside = path.relative(w.folder, newest?.folder ?? '');
  const weights = path.join(content, inside, 'model/model.safetensors');
  const source = path.join(newest?.folder ?? '', 'model/model.safetensors');
  expect(readFileSync(weights)).toEqual(readFileSync(source));
  expect(statSync(weights)).toMatchObject({ nlink: 1 });
  expect(statSync(weights).ino).not.toBe(statSync(source).ino);
  expect(readFileSync(path.join(content, 'current_model/lineage.json'))).toEqual(
    readFileSync(path.join(w.folder, 'current_model/lineage.json')),
  );
  expect(readdirSync(path.join(content, 'data/datasets'), { recursive: true })).toContainEqual(
    expect.stringMatching(/pass\.json$/),
  );
  expect(w.engine.api.backups.list()).toMatchObject([{ id: made.id }]);
  expect(w.engine.api.feed.snapshot().rooms.backups).toMatchObject([{ id: made.id }]);
  expect(inBackups().filter((name) => name.includes('partial'))).toEqual([]);
  expect((await w.engine.api.journal.read({ limit: 5 }))[0]?.text).toContain(made.id);
  // The next engine knows it, too.
  await w.stop();
  await w.start();
  expect(w.engine.api.backups.list()).toMatchObject([{ id: made.id, verified: { ok: true } }]);
  expect(w.log).toEqual([]);
});

test('a damaged newest checkpoint is passed over; with none that verifies there is no backup', async () => {
  await trained();
  const all = await w.engine.rooms.versions.checkpoints();
  writeFileSync(path.join(all[0]?.folder ?? '', 'damaged'), '');
  expect(await create({ kind: 'model' })).toMatchObject({ step: all[1]?.step });
  for (const one of all) writeFileSync(path.join(one.folder, 'damaged'), '');
  await expect(create({ kind: 'model' })).rejects.toMatchObject({
    code: 'NOT_READY',
    message: expect.stringContaining('No checkpoint of main verifies') as string,
  });
  expect(w.engine.api.backups.list()).toHaveLength(1);
  expect(inBackups().filter((name) => name.includes('partial'))).toEqual([]);
});

test('before anything is trained there is nothing to back up', async () => {
  await w.withBase();
  await expect(create({ kind: 'model' })).rejects.toMatchObject({ code: 'NOT_READY' });
  await expect(create({ kind: 'version', name: 'v009_x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('a version: every file; a damaged one makes no backup', async () => {
  await trained();
  const name = 'v001_a';
  const made = await create({ kind: 'version', name });
  expect(made).toMatchObject({ branch: 'main', holds: 'weights', source: { name } });
  const place = path.join('models/versions', name);
  for (const file of readdirSync(path.join(w.folder, place)))
    expect(readFileSync(path.join(made.folder, 'content', place, file))).toEqual(
      readFileSync(path.join(w.folder, place, file)),
    );
  const weights = path.join(w.folder, place, 'model.safetensors');
  const content = readFileSync(weights);
  rmSync(weights);
  content[0] = (content[0] ?? 0) ^ 1;
  writeFileSync(weights, content);
  await expect(create({ kind: 'version', name })).rejects.toMatchObject({
    code: 'NOT_READY',
    message: 'v001_a is damaged: the content of model.safetensors is not what was published.',
  });
  expect(w.engine.api.backups.list()).toHaveLength(1);
});

test('any folder: modes, empty folders and inner links; what cannot be copied whole is refused by name', async () => {
  await w.start();
  const folder = path.join(w.root, 'mine');
  mkdirSync(path.join(folder, 'empty'), { recursive: true });
  writeFileSync(path.join(folder, 'run.sh'), 'echo', { mode: 0o755 });
  writeFileSync(path.join(folder, 'nothing'), '');
  symlinkSync('run.sh', path.join(folder, 'link'));
  const made = await create({ kind: 'folder', path: folder });
  const content = path.join(made.folder, 'content');
  expect(made).toMatchObject({ branch: null, step: null, files: 2, holds: `2 files of ${folder}` });
  expect(statSync(path.join(content, 'run.sh')).mode & 0o777).toBe(0o755);
  expect(readdirSync(path.join(content, 'empty'))).toEqual([]);
  expect(lstatSync(path.join(content, 'link')).isSymbolicLink()).toBe(true);
  expect(readlinkSync(path.join(content, 'link'))).toBe('run.sh');

  symlinkSync('../elsewhere', path.join(folder, 'out'));
  await expect(create({ kind: 'folder', path: folder })).rejects.toMatchObject({
    code: 'INVALID',
    message: expect.stringContaining('links that lead outside of it: out') as string,
  });
  rmSync(path.join(folder, 'out'));
  const server = createServer().listen(path.join(folder, 'socket'));
  await until('the socket', () => existsSync(path.join(folder, 'socket')));
  await expect(create({ kind: 'folder', path: folder })).rejects.toMatchObject({
    code: 'INVALID',
    message: expect.stringContaining('no plain file, folder or link: socket') as string,
  });
  await new Promise((resolve) => server.close(resolve));
  for (const [wanted, code] of [
    ['relative', 'INVALID'],
    [path.join(w.root, 'none'), 'NOT_FOUND'],
    [path.join(folder, 'run.sh'), 'INVALID'],
    [w.folder, 'INVALID'],
  ] as const)
    await expect(create({ kind: 'folder', path: wanted })).rejects.toMatchObject({ code });
  expect(w.engine.api.backups.list()).toHaveLength(1);
});

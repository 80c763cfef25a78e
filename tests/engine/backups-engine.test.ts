/** Backups in a running engine: independent copies that are read back, verified by content, and never incomplete. */
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
import { expect, test } from 'vitest';
import type { Backup, BackupSource } from '../../src-main/contract/index.ts';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest({ save_steps: 4 }, (workspace) => {
  w = workspace;
});

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

test('a backup of the model copies the newest verified checkpoint, the lineage and the pass', async () => {
  await trained();
  const newest = await w.engine.rooms.checkpoints.newest();
  const made = await create({ kind: 'model' }, 'before the holidays');
  expect(made).toMatchObject({
    type: 'manual',
    reason: 'before the holidays',
    branch: 'main',
    step: newest?.step,
    holds: 'weights, optimizer state, dataset position',
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
  // The next engine lists it, too.
  await w.stop();
  await w.start();
  expect(w.engine.api.backups.list()).toMatchObject([{ id: made.id, verified: { ok: true } }]);
  expect(w.log).toEqual([]);
});

test('a damaged newest checkpoint is skipped; without a verified one there is no backup', async () => {
  await trained();
  const all = await w.engine.rooms.checkpoints.ofHead();
  writeFileSync(path.join(all[0]?.folder ?? '', 'damaged'), '');
  expect(await create({ kind: 'model' })).toMatchObject({ step: all[1]?.step });
  for (const checkpoint of all) writeFileSync(path.join(checkpoint.folder, 'damaged'), '');
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

test('a backup of a version copies every file; a damaged version is refused', async () => {
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
    message: 'v001_a is damaged: the content of model.safetensors has changed (SHA-256 mismatch).',
  });
  expect(w.engine.api.backups.list()).toHaveLength(1);
});

test('a backup of a folder keeps what is executable, empty folders and inner links; what cannot be copied completely is refused by name', async () => {
  await w.start();
  const folder = path.join(w.root, 'mine');
  mkdirSync(path.join(folder, 'empty'), { recursive: true });
  writeFileSync(path.join(folder, 'run.sh'), 'echo', { mode: 0o755 });
  writeFileSync(path.join(folder, 'nothing'), '');
  symlinkSync('run.sh', path.join(folder, 'link'));
  const made = await create({ kind: 'folder', path: folder });
  const content = path.join(made.folder, 'content');
  expect(made).toMatchObject({ branch: null, step: null, files: 2, holds: `2 files of ${folder}` });
  expect(statSync(path.join(content, 'run.sh')).mode & 0o777).toBe(0o700);
  expect(readdirSync(path.join(content, 'empty'))).toEqual([]);
  expect(lstatSync(path.join(content, 'link')).isSymbolicLink()).toBe(true);
  expect(readlinkSync(path.join(content, 'link'))).toBe('run.sh');

  symlinkSync('../elsewhere', path.join(folder, 'out'));
  await expect(create({ kind: 'folder', path: folder })).rejects.toMatchObject({
    code: 'INVALID',
    message: expect.stringContaining('links to files outside of it: out') as string,
  });
  rmSync(path.join(folder, 'out'));
  const server = createServer().listen(path.join(folder, 'socket'));
  await until('the socket', () => existsSync(path.join(folder, 'socket')));
  await expect(create({ kind: 'folder', path: folder })).rejects.toMatchObject({
    code: 'INVALID',
    message: expect.stringContaining('other than files, folders and links: socket') as string,
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

test('verify reads every byte: damage is recorded, raises a notice, and no cleanup counts the backup as good', async () => {
  await trained();
  const { api } = w.engine;
  const good = await create({ kind: 'version', name: 'v001_a' }, 'stays');
  const bad = await create({ kind: 'version', name: 'v001_a' }, 'breaks');
  expect(await api.backups.verify({ id: bad.id })).toMatchObject({ verified: { ok: true } });
  const file = path.join(bad.folder, 'content/models/versions/v001_a/model.safetensors');
  const content = readFileSync(file);
  content[2] = (content[2] ?? 0) ^ 16;
  writeFileSync(file, content);
  const found = await api.backups.verify({ id: bad.id });
  const problem =
    'the content of models/versions/v001_a/model.safetensors has changed (SHA-256 mismatch)';
  expect(found.verified).toMatchObject({ ok: false, problem });
  expect(api.feed.snapshot().rooms.notices[0]).toMatchObject({
    title: `Backup ${bad.id} is damaged`,
    tone: 'fail',
  });
  // The newer one is damaged: the older one is the last good one.
  const plan = { retention_days: 0, last_copies: true, by };
  expect(await api.backups.cleanup({ ...plan, execute: false })).toMatchObject({
    executed: false,
    removes: [{ id: bad.id }],
    keeps: [{ id: good.id, why: 'newest verified backup of its type' }],
  });
  expect(existsSync(bad.folder)).toBe(true);
  await w.stop();
  await w.start();
  const listed = w.engine.api.backups.list();
  expect(listed.find((backup) => backup.id === bad.id)?.verified).toMatchObject({
    ok: false,
    problem,
  });
  await w.engine.api.backups.cleanup({ ...plan, execute: true });
  expect(w.engine.api.backups.list().map((backup) => backup.id)).toEqual([good.id]);
  expect(existsSync(bad.folder)).toBe(false);
  expect(inBackups().filter((name) => name.includes('partial'))).toEqual([]);
  expect((await w.engine.api.journal.read({ limit: 3 }))[0]?.text).toContain(bad.id);
  expect(w.log).toEqual([]);
});

test('cleanup keeps the last copy of a point; what a checkpoint or version also has is removed by age', async () => {
  await trained();
  const { api, rooms } = w.engine;
  const old = await create({ kind: 'model' });
  const held = await create({ kind: 'model' });
  await create({ kind: 'version', name: 'v001_a' });
  const plan = { retention_days: 0, last_copies: false, execute: false, by };
  expect((await api.backups.cleanup(plan)).removes.map((removal) => removal.id)).toEqual([
    held.id,
    old.id,
  ]);
  // No checkpoint and no version left: of two backups with the same content the newer one stays.
  rmSync(path.join(w.folder, 'current_model/checkpoints/main'), { recursive: true });
  await api.versions.remove({ name: 'v001_a', confirm: 'v001_a', last_copy: true, by });
  const alone = await api.backups.cleanup(plan);
  expect(alone.removes.map((removal) => removal.id)).toEqual([old.id]);
  expect(alone.keeps.find((keep) => keep.id === held.id)?.why).toContain('last copy');
  expect(rooms.backups.list().find((backup) => backup.id === held.id)?.keep_until).toBeCloseTo(
    held.created + 30 * 86_400,
    0,
  );
});

test('extract creates a new folder and verifies it; an existing folder and the workspace are refused', async () => {
  await trained();
  const { api } = w.engine;
  const made = await create({ kind: 'model' });
  const to = path.join(w.root, 'out');
  expect(await api.backups.extract({ id: made.id, to, by })).toEqual({
    folder: to,
    files: made.files,
    bytes: made.bytes,
  });
  const content = path.join(made.folder, 'content');
  for (const entry of readdirSync(content, { recursive: true, withFileTypes: true })) {
    const from = path.join(entry.parentPath, entry.name);
    const there = path.join(to, path.relative(content, from));
    if (entry.isFile()) expect(readFileSync(there)).toEqual(readFileSync(from));
    else expect(statSync(there).isDirectory()).toBe(true);
  }
  for (const wanted of [to, 'relative', path.join(w.folder, 'queue/high/x'), `${to}/a/b`])
    await expect(api.backups.extract({ id: made.id, to: wanted, by })).rejects.toMatchObject({
      code: 'INVALID',
    });
  writeFileSync(path.join(content, 'current_model/lineage.json'), 'x');
  await expect(api.backups.extract({ id: made.id, to: `${to}2`, by })).rejects.toMatchObject({
    code: 'NOT_READY',
  });
  expect(readdirSync(w.root).sort()).toEqual(['a.jsonl', 'out', 'workspace']);
  for (const id of ['manual/../../..', 'manual/20200101-000000', '../x', 'manual/x/y', ''])
    for (const call of [api.backups.verify({ id }), api.backups.extract({ id, to: `${to}3`, by })])
      await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('the next start removes unfinished backups of an engine that was killed', async () => {
  await w.start();
  await w.stop();
  const half = path.join(w.folder, 'models/backups/manual/.20260101-000000.77.partial/content');
  mkdirSync(half, { recursive: true });
  writeFileSync(path.join(half, 'weights'), 'x');
  mkdirSync(path.join(w.folder, 'models/backups/emergency/.20260101-000000.77.pin.partial'), {
    recursive: true,
  });
  const engine = await w.start();
  expect(engine.api.backups.list()).toEqual([]);
  expect(inBackups().filter((name) => name.includes('2026'))).toEqual([]);
  expect((await engine.api.journal.read({ limit: 5 })).map((entry) => entry.text)).toContain(
    'Removed 2 unfinished backups.',
  );
});

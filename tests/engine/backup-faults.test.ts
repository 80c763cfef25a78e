/** A kill or a full disk during a backup: no incomplete backup is listed, and its space is freed. */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeBackup } from '../../src-main/engine/backups/making.ts';
import { BackupStore } from '../../src-main/engine/backups/store.ts';
import { createThreads, type Threads } from '../../src-main/engine/backups/threads.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { systemClock } from '../../src-main/kit/index.ts';
import { until } from './fixtures/workspace.ts';

let root: string;
let source: string;
let threads: Threads;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-backup-faults-'));
  source = path.join(root, 'source');
  mkdirSync(path.join(source, 'inner'), { recursive: true });
  threads = createThreads();
});
afterEach(() => {
  threads.close();
  rmSync(root, { recursive: true, force: true });
});

const fill = (megabytes: number): void => {
  writeFileSync(path.join(source, 'weights'), randomBytes(megabytes << 20));
  for (let at = 0; at < 20; at += 1)
    writeFileSync(path.join(source, 'inner', String(at)), randomBytes(1000 + at));
};
const make = (workspace: string, store: BackupStore) =>
  makeBackup(
    {
      paths: workspacePaths(workspace),
      lineage: undefined as never,
      versions: undefined as never,
      trainer: undefined as never,
      disk: {
        require: () => Promise.resolve(),
        reserve: () => Promise.resolve(),
        release: () => undefined,
      } as never,
      clock: systemClock,
      store,
      threads,
    },
    { source: { kind: 'folder', path: source }, type: 'manual', reason: 'r', by: 't' },
  );
const storeOf = (workspace: string): BackupStore =>
  new BackupStore(workspacePaths(workspace), (files) => threads.hash(files));

test('after kill -9 at eight points, listed backups verify and the next start removes the unfinished ones', async () => {
  fill(24);
  const workspace = path.join(root, 'ws');
  const manual = path.join(workspace, 'models/backups/manual');
  const store = storeOf(workspace);
  let half = 0;
  for (let moment = 0; moment < 8; moment += 1) {
    const before = await store.list();
    const child = spawn(
      process.execPath,
      [path.join(import.meta.dirname, 'fixtures/backup-process.ts'), workspace, source],
      { stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => child.once('close', resolve));
    await until('its partial folder', () =>
      (existsSync(manual) ? readdirSync(manual) : []).some((name) => name.endsWith('.partial')),
    );
    const copied = (): number =>
      readdirSync(manual, { recursive: true }).filter((name) => String(name).includes('.partial'))
        .length;
    await until('more of its files', () => child.exitCode !== null || copied() > moment * 2);
    child.kill('SIGKILL');
    await ended;
    half += readdirSync(manual).filter((name) => name.endsWith('.partial')).length;
    const now = await store.list();
    expect(now.length - before.length).toBeLessThanOrEqual(1);
    for (const backup of now) expect(await store.problem(backup.id)).toBeNull();
    await store.removePartials();
    expect(readdirSync(manual).filter((name) => name.startsWith('.'))).toEqual([]);
  }
  expect(half).toBeGreaterThan(3);
});

const isRoot = process.getuid?.() === 0;
test.skipIf(!isRoot)(
  'a disk that fills up in the middle: DISK_FULL, nothing listed, the space is free again',
  async ({ skip }) => {
    const disk = path.join(root, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk], { stdio: 'pipe' });
    } catch (error) {
      skip(`no small file system can be mounted here: ${String(error)}`);
    }
    try {
      const store = storeOf(disk);
      const free = (): number => statfsSync(disk).bavail * statfsSync(disk).bsize;
      fill(1);
      const kept = await make(disk, store);
      const before = free();
      fill(24);
      await expect(make(disk, store)).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect((await store.list()).map((backup) => backup.id)).toEqual([kept.id]);
      expect(await store.problem(kept.id)).toBeNull();
      expect(readdirSync(path.join(disk, 'models/backups/manual'))).toHaveLength(1);
      expect(before - free()).toBeLessThan(65_536);
    } finally {
      execFileSync('umount', [disk]);
    }
  },
);

test('a source that is modified while it is copied is refused', async () => {
  fill(48);
  const workspace = path.join(root, 'ws');
  const store = storeOf(workspace);
  const making = make(workspace, store);
  await until('the copy', () =>
    existsSync(path.join(workspace, 'models/backups'))
      ? readdirSync(path.join(workspace, 'models/backups'), { recursive: true }).some((name) =>
          String(name).endsWith('content/weights'),
        )
      : false,
  );
  writeFileSync(path.join(source, 'weights'), randomBytes(1000));
  await expect(making).rejects.toMatchObject({
    code: 'NOT_READY',
    message: expect.stringContaining('was modified while it was copied') as string,
  });
  expect(await store.list()).toEqual([]);
});

/** A process without a descriptor left sees nothing; that must not mean that nothing is there. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { ForeignTrainer } from '../../src-main/engine/trainer/foreign-trainer.ts';
import { identityOf, ownPlace, systemClock } from '../../src-main/kit/index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nightshift-unknown-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test.runIf(process.platform === 'linux')(
  'issue 11, 6: without a descriptor left, a living process, its files and the token are unknown, not gone',
  () => {
    writeFileSync(path.join(folder, 'heartbeat'), '{}');
    writeFileSync(path.join(folder, 'engine.lock'), '{}');
    writeFileSync(path.join(folder, 'backup.json'), '{}');
    const script = path.join(import.meta.dirname, 'fixtures/without-descriptors.ts');
    const limited = spawnSync(
      'sh',
      ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, script, folder],
      { encoding: 'utf8' },
    );
    expect(limited.stderr).toBe('');
    expect(JSON.parse(limited.stdout)).toEqual({
      parent: 'unknown',
      isAlive: true,
      command: 'EMFILE',
      signal: false,
      gone: 'gone',
      heartbeat: 'EMFILE',
      backup: 'EMFILE',
      content: 'EMFILE',
      holder: 'EMFILE',
      token: 'EMFILE',
    });
    expect(readFileSync(path.join(folder, 'token'), 'utf8')).toBe(`${'a'.repeat(40)}\n`);
  },
);

test.runIf(process.platform === 'linux')(
  'issue 11, 6: a trainer lock that can not be read, or names a living trainer, holds the next one',
  async () => {
    const paths = workspacePaths(folder);
    const find = (): Promise<string | null> => new ForeignTrainer(paths, systemClock).find();
    expect(await find()).toBeNull();
    writeFileSync(paths.trainerLock, 'damaged');
    expect(await find()).toBeNull();
    rmSync(paths.trainerLock);
    // Reading its first bytes is an I/O error.
    symlinkSync('/proc/self/mem', paths.trainerLock);
    expect(await find()).toMatch(/^waiting for .*\.trainer\.lock can't be read \(EIO\)$/);
    rmSync(paths.trainerLock);
    mkdirSync(paths.run('now'), { recursive: true });
    // A trainer is known by its command line, which names its run.
    const command = ['-e', 'setTimeout(() => undefined, 60_000)', 'nightshift_trainer', 'runs/now'];
    const trainer = spawn(process.execPath, command, { cwd: paths.run('now'), stdio: 'ignore' });
    try {
      await once(trainer, 'spawn');
      const identity = identityOf(trainer.pid ?? 0);
      const lock = { format: 1, run: 'now', device: 'cpu', t: 1, ...identity, ...ownPlace() };
      writeFileSync(paths.trainerLock, JSON.stringify(lock));
      expect(await find()).toBe(
        `waiting for the trainer of this workspace, pid ${String(trainer.pid)}, which still runs`,
      );
    } finally {
      trainer.kill('SIGKILL');
      await once(trainer, 'exit');
    }
    expect(await find()).toBeNull();
  },
);

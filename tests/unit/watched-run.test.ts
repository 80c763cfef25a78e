/** How a process ended is told to its parent a moment after it is gone: what it is called must not depend on who looks first. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { classifyCrash } from '../../src-main/engine/trainer/classify.ts';
import { WatchedRun } from '../../src-main/engine/trainer/watched-run.ts';
import { identityOf, isAlive, systemClock } from '../../src-main/kit/index.ts';

test('a process that is seen to be gone before its exit is told is called by its signal', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const identity = identityOf(child.pid ?? 0);
  if (identity === null) throw new Error('the process has no identity');
  const run = new WatchedRun({ run: 'r', folder: tmpdir(), identity, child, clock: systemClock });
  expect(run.isAlive).toBe(true);
  child.kill('SIGKILL');
  // Nothing is awaited here, so that no event of the child can come in between.
  while (isAlive(identity));
  expect(run.isAlive).toBe(false);
  expect(run.signal).toBeNull();
  await run.lastWord();
  expect(run.signal).toBe('SIGKILL');
  const evidence = { exitCode: run.exitCode, signal: run.signal, error: null, log: '', kernel: '' };
  expect(classifyCrash(evidence).message).toBe('the trainer was killed from outside');
});

test('a process that another engine started has no last word, and nobody waits for it', async () => {
  const identity = { pid: 2 ** 22, start: 'ended' };
  const run = new WatchedRun({
    run: 'r',
    folder: tmpdir(),
    identity,
    child: null,
    clock: systemClock,
  });
  await run.lastWord();
  expect([run.exitCode, run.signal]).toEqual([null, null]);
});

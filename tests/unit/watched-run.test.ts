/** Node reports how a process ended a moment after it is gone; the category must not depend on the order. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { classifyCrash } from '../../src-main/engine/trainer/classify-crash.ts';
import { WatchedRun } from '../../src-main/engine/trainer/watched-run.ts';
import { identityOf, isAlive, systemClock } from '../../src-main/kit/index.ts';

test('a process that is gone before Node reports its exit is classified by its signal', async () => {
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
  await run.awaitExitCode();
  expect(run.signal).toBe('SIGKILL');
  const evidence = { exitCode: run.exitCode, signal: run.signal, error: null, log: '', kernel: '' };
  expect(classifyCrash(evidence).message).toBe('the trainer was killed');
});

test('a process that another engine started has no exit code, and none is awaited', async () => {
  const identity = { pid: 2 ** 22, start: 'ended' };
  const run = new WatchedRun({
    run: 'r',
    folder: tmpdir(),
    identity,
    child: null,
    clock: systemClock,
  });
  await run.awaitExitCode();
  expect([run.exitCode, run.signal]).toEqual([null, null]);
});

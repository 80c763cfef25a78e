/** Limits of the workers: time without a heartbeat, time in all, memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { environmentFor } from '../../src-main/engine/trainer/launch.ts';
import { WatchedRun } from '../../src-main/engine/trainer/watched-run.ts';
import {
  limitsItself,
  limitsOf,
  LimitWatch,
  ownMemoryLimit,
} from '../../src-main/engine/trainer/worker-limits.ts';
import { RUN_KINDS, WORKER_KINDS } from '../../src-main/formats/index.ts';
import { identityOf } from '../../src-main/kit/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

const GIBIBYTE = 1024 ** 3;
const limits = { silenceSeconds: 300, wallSeconds: 3600, memoryBytes: GIBIBYTE };

/** A process that does nothing, watched; `use.megabytes` is what it seems to have. */
async function watched() {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const folder = mkdtempSync(path.join(tmpdir(), 'nightshift-limits-'));
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const clock = new ManualClock();
  const identity = identityOf(child.pid ?? -1);
  if (identity === null) throw new Error('the process has ended');
  const use: { megabytes: number | null } = { megabytes: 100 };
  const run = new WatchedRun({ run: 'r', folder, identity, child, clock });
  const resident = () => Promise.resolve(use.megabytes);
  const watch = new LimitWatch({ kind: 'intake', limits, clock, resident });
  const heartbeat = (seq: number): void => {
    const value = { format: 1, ...identity, seq, phase: 'work', step: 0, position: null, t: 1 };
    writeFileSync(path.join(folder, 'heartbeat'), JSON.stringify(value));
  };
  /** Checks every 5 s, as an engine that runs. */
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 5) {
      clock.advance(5);
      const stopped = await watch.check(run);
      if (stopped !== null) return stopped;
    }
    return null;
  };
  return { run, use, watch, clock, heartbeat, pass };
}

test('every kind of worker has limits, the memory of which follows from what is available', () => {
  for (const kind of WORKER_KINDS) {
    const { silenceSeconds, wallSeconds, memoryBytes } = limitsOf(kind, 0);
    expect(silenceSeconds, kind).toBeGreaterThan(0);
    expect(wallSeconds, kind).toBeGreaterThan(silenceSeconds);
    expect(memoryBytes, kind).toBeGreaterThanOrEqual(2 * GIBIBYTE);
  }
  expect(limitsOf('intake', 6 * GIBIBYTE).memoryBytes).toBe(3 * GIBIBYTE);
  expect(limitsOf('intake', 500 * GIBIBYTE).memoryBytes).toBe(8 * GIBIBYTE);
  expect(limitsOf('chat', 100 * GIBIBYTE).memoryBytes).toBe(90 * GIBIBYTE);
  expect(RUN_KINDS.filter(limitsItself)).toEqual(['intake', 'base', 'sample']);
  const python = { executable: 'python', packageFolder: '/p' };
  expect(environmentFor('intake', {}, python, ownMemoryLimit(limits))).toMatchObject({
    NIGHTSHIFT_MEMORY_BYTES: String(1.25 * GIBIBYTE),
  });
  expect(environmentFor('train', {}, python)).not.toHaveProperty('NIGHTSHIFT_MEMORY_BYTES');
});

test('a worker with more memory than its limit is ended', async () => {
  const { run, use, watch } = await watched();
  expect(await watch.check(run)).toBeNull();
  use.megabytes = null;
  expect(await watch.check(run), 'unknown is not too much').toBeNull();
  use.megabytes = 1100;
  expect(await watch.check(run)).toMatchObject({
    category: 'over_limit',
    message: expect.stringContaining('needs more than 1.1') as string,
  });
  await run.awaitExitCode();
  expect(run.signal).toBe('SIGKILL');
});

test('a worker without a heartbeat is ended; one with a heartbeat only after its whole time', async () => {
  const silent = await watched();
  expect(await silent.pass(295)).toBeNull();
  expect(await silent.pass(10)).toMatchObject({ category: 'hang' });
  const busy = await watched();
  for (let seq = 1; seq <= 18; seq += 1) {
    busy.heartbeat(seq);
    expect(await busy.pass(200)).toBeNull();
  }
  busy.heartbeat(19);
  expect(await busy.pass(10)).toMatchObject({ category: 'over_limit' });
});

test('a pause of the machine is not a hang of the worker', async () => {
  const { run, watch, clock } = await watched();
  clock.advance(1000);
  expect(await watch.check(run)).toBeNull();
});

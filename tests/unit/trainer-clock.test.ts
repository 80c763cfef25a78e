/** Rules of the trainer about time, on a clock that the test advances. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SleepDetector } from '../../src-main/engine/trainer/sleep-detector.ts';
import { WatchedRun } from '../../src-main/engine/trainer/watched-run.ts';
import { ownIdentity } from '../../src-main/kit/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

let folder = '';
let clock: ManualClock;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nightshift-run-'));
  clock = new ManualClock();
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function heartbeat(seq: number, phase = 'step', name = 'heartbeat', own = ownIdentity()): void {
  const value = { format: 1, ...own, seq, phase, step: seq, position: null, t: 1 };
  writeFileSync(path.join(folder, name), JSON.stringify(value));
}
const watchedRun = (child: ReturnType<typeof spawn> | null = null): WatchedRun =>
  new WatchedRun({ run: 'r', folder, identity: ownIdentity(), child, clock });

test('the age of a heartbeat is monotonic: setting the system clock changes nothing', async () => {
  const run = watchedRun();
  expect(run.phase).toBe('load');
  heartbeat(1);
  await run.readHeartbeat();
  clock.advance(3);
  clock.setNow(5);
  expect(run.heartbeatAge).toBe(3);
  heartbeat(2);
  await run.readHeartbeat();
  expect(run.heartbeatAge).toBe(0);
  expect(run.ranks[0]?.intervalsOf('step')).toEqual([3]);
});

test('an interval between two phases is not learned, and a gap can be ignored', async () => {
  const run = watchedRun();
  heartbeat(1, 'save');
  await run.readHeartbeat();
  clock.advance(40);
  heartbeat(2, 'step');
  await run.readHeartbeat();
  expect(run.ranks[0]?.intervalsOf('step')).toEqual([]);
  clock.advance(100);
  run.ignoreGap();
  expect(run.heartbeatAge).toBe(0);
});

test('a rank that hangs while the leader lives is found by its own heartbeat', async () => {
  const identity = ownIdentity();
  const run = new WatchedRun({ run: 'r', folder, identity, child: null, clock, processes: 2 });
  heartbeat(1);
  heartbeat(1, 'wait', 'heartbeat-1');
  await run.readHeartbeat();
  clock.advance(30);
  heartbeat(2);
  await run.readHeartbeat();
  expect([run.heartbeatAge, run.oldest.rank, run.oldest.age]).toEqual([0, 1, 30]);
  heartbeat(2, 'wait', 'heartbeat-1', { pid: identity.pid, start: 'ended' });
  await run.readHeartbeat();
  clock.advance(30);
  heartbeat(3);
  await run.readHeartbeat();
  expect(run.oldest.rank, 'a follower that ended is not a hang').toBe(0);
});

test('the exit code is awaited for two seconds at most', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  try {
    const run = watchedRun(child);
    const waiting = { isOver: false };
    const end = run.awaitExitCode().then(() => {
      waiting.isOver = true;
    });
    clock.advance(1.9);
    await Promise.resolve();
    expect(waiting.isOver).toBe(false);
    clock.advance(0.1);
    await end;
    expect([run.exitCode, run.signal]).toEqual([null, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('a gap of more than eight seconds between two checks is a sleep, by either clock', () => {
  const detector = new SleepDetector(clock);
  clock.advance(8);
  expect(detector.check()).toBeNull();
  const from = clock.now();
  clock.advance(30);
  expect(detector.check()).toEqual({ from, until: from + 30, seconds: 30 });
  // On Linux only the system clock continues while the machine sleeps.
  clock.setNow(clock.now() + 3600);
  expect(detector.check()?.seconds).toBe(3600);
  expect(detector.check()).toBeNull();
});

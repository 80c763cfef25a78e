/**
 * A device that another trainer holds is waited for (tests/incidents/fixtures/cases/o1-busy-device.sh): a state of its own, with the
 * holder named, no trainer started meanwhile, no crash in the history, and training within seconds once the device is free.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { statusText } from '../../src-main/cli/status-text.ts';
import { trayStatus } from '../../src-main/desktop/tray-status.ts';
import type { Rooms } from '../../src-main/contract/index.ts';
import { until, Workspace } from './fixtures/workspace.ts';

const HOLD = `import fcntl, sys, time
lock = open(sys.argv[1], "rb")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)`;

const root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-devices-'));
let locks = '';
let first: Workspace;
let second: Workspace;
let holder: ChildProcess | null = null;

beforeAll(() => {
  locks = path.join(root, 'locks');
  mkdirSync(locks);
  process.env['NIGHTSHIFT_DEVICE_LOCKS'] = locks;
});
afterAll(() => {
  delete process.env['NIGHTSHIFT_DEVICE_LOCKS'];
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  first = new Workspace();
  second = new Workspace();
  for (const w of [first, second]) w.configure({});
});
afterEach(async () => {
  holder?.kill('SIGKILL');
  holder = null;
  await first.end();
  await second.end();
});

/** Another program's trainer, as in the case: it holds the lock and says who it is. */
async function holdDevice(): Promise<void> {
  const lock = path.join(locks, 'cpu.lock');
  writeFileSync(lock, '{"pid":1,"workspace":"/elsewhere"}');
  const child = spawn('/usr/bin/python3', ['-c', HOLD, lock], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  holder = child;
  await new Promise((resolve) => child.stdout.once('data', resolve));
}

const trainRuns = (w: Workspace): readonly string[] =>
  readdirSync(path.join(w.folder, 'runs')).filter((run) => run.includes('-train-'));
const status = (w: Workspace) => w.engine.api.status.get();
const journaled = (w: Workspace): readonly string[] =>
  w.engine.rooms.journal.recent().map((line) => line.what);

test('before the first step: no trainer, no crash, the dataset stays in the queue', async () => {
  await holdDevice();
  await first.withBase();
  const [added] = await first.add(first.rows('peg.jsonl', 42));
  const id = added?.id ?? '';
  await until('waiting', () => status(first).state === 'waiting');
  const sentence = 'waiting for cpu, held by pid 1 of workspace /elsewhere';
  expect(status(first)).toMatchObject({ reason: sentence, error: null, recovery: null });
  await new Promise((resolve) => setTimeout(resolve, 4500));
  expect(status(first).state).toBe('waiting');
  const waiting = first.engine.rooms.queue.datasets().find((dataset) => dataset.id === id);
  expect(waiting).toMatchObject({ place: 'queue', verdict: 'waiting', message: sentence });
  expect(trainRuns(first)).toEqual([]);
  expect(await first.engine.api.health.crashes({ days: 1, limit: 10 })).toEqual([]);
  expect(journaled(first)).not.toContain('trainer.crashed');
  expect(journaled(first).filter((what) => what === 'queue.waiting')).toHaveLength(1);
  expect(statusText(status(first), Date.now() / 1000)).toContain(`${sentence} (for `);
  const rooms = { status: status(first), queue: first.engine.rooms.queue.state() } as Rooms;
  const attached = { kind: 'attached' } as Parameters<typeof trayStatus>[0];
  expect(trayStatus(attached, rooms).label).toBe(`W${sentence.slice(1)}`);

  holder?.kill('SIGKILL');
  await first.at(id, 'completed', 8);
  expect(trainRuns(first)).toHaveLength(1);
  expect(status(first).state).not.toBe('waiting');
}, 60_000);

test('two engines take turns on one device, and every row is trained once', async () => {
  for (const w of [first, second]) w.setBehavior({ step_seconds: 0.05 });
  await first.withBase();
  await second.withBase();
  const [a] = await first.add(first.rows('a.jsonl', 400));
  await until('the first trains', () => status(first).state === 'training');
  const [b] = await second.add(second.rows('b.jsonl', 400));
  await until('the second waits', () => status(second).state === 'waiting');
  const { pid } = status(first).trainer;
  expect(status(second).reason).toBe(
    `waiting for cpu, held by pid ${String(pid)} of workspace ${first.folder}`,
  );

  await first.engine.api.training.stop({ now: true, by: 'test' });
  await until('the second trains', () => status(second).state === 'training', 8);
  await first.engine.api.training.resume({ by: 'test' });
  await until('the first waits', () => status(first).state === 'waiting');
  const half = first.engine.rooms.queue.datasets().find((dataset) => dataset.id === a?.id);
  expect(half).toMatchObject({ place: 'processing', verdict: 'waiting' });
  expect(half?.message).toContain(`workspace ${second.folder}`);

  for (const w of [first, second]) w.setBehavior({});
  await second.engine.api.training.stop({ now: true, by: 'test' });
  await first.at(a?.id ?? '', 'completed');
  await second.engine.api.training.resume({ by: 'test' });
  await second.at(b?.id ?? '', 'completed');
  for (const [w, dataset] of [
    [first, a],
    [second, b],
  ] as const) {
    const { trained, remaining } = await w.account(dataset?.id ?? '');
    expect(Object.keys(trained)).toEqual(['1']);
    expect(remaining).toBe(0);
    expect(await w.engine.api.health.crashes({ days: 1, limit: 10 })).toEqual([]);
    expect(trainRuns(w)).toHaveLength(2);
  }
}, 120_000);

test('a trainer that finds the device in use itself is no crash either', async () => {
  first.setBehavior({
    fail: {
      category: 'device_busy',
      message: 'waiting for cuda:0, held by pid 77 of workspace /o',
    },
  });
  await first.withBase();
  const [added] = await first.add(first.rows('a.jsonl', 42));
  await until('waiting', () => status(first).state === 'waiting');
  expect(status(first).reason).toBe('waiting for cuda:0, held by pid 77 of workspace /o');
  expect(trainRuns(first)).toHaveLength(1);
  expect(await first.engine.api.health.crashes({ days: 1, limit: 10 })).toEqual([]);
  first.setBehavior({});
  await first.at(added?.id ?? '', 'completed', 15);
}, 60_000);

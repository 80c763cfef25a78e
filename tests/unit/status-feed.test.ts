import { expect, test } from 'vitest';
import type { Change, Rooms } from '../../src-main/contract/index.ts';
import { createFeed, type RoomReaders, touchFrom } from '../../src-main/engine/status/feed.ts';
import { type Clock, systemClock } from '../../src-main/kit/clock.ts';
import { Emitter } from '../../src-main/kit/emitter.ts';
import { createThrottle } from '../../src-main/engine/notices/throttle.ts';
import { drift, type NoticeText } from '../../src-main/engine/notices/messages.ts';

/** Time that stands still until it is moved. */
function handClock(): Clock & { advance(seconds: number): void } {
  let now = 1_000_000;
  const timers: { at: number; every: number | null; f: () => void; live: boolean }[] = [];
  const add = (seconds: number, f: () => void, repeats: boolean) => {
    const timer = { at: now + seconds, every: repeats ? seconds : null, f, live: true };
    timers.push(timer);
    return () => {
      timer.live = false;
    };
  };
  return {
    now: () => now,
    monotonic: () => now,
    every: (seconds, f) => add(seconds, () => void f(), true),
    after: (seconds, f) => add(seconds, f, false),
    sleep: (seconds) => systemClock.sleep(seconds),
    advance(seconds) {
      const end = now + seconds;
      for (;;) {
        const next = timers
          .filter((timer) => timer.live && timer.at <= end)
          .sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        now = next.at;
        if (next.every === null) next.live = false;
        else next.at += next.every;
        next.f();
      }
      now = end;
    },
  };
}

const rooms = {
  status: { state: 'idle', updated_at: 0 },
  queue: { desired_state: 'running' },
  notices: [] as unknown[],
};
const setup = () => {
  const values: Record<string, unknown> = { ...rooms };
  const readers = Object.fromEntries(
    Object.keys(rooms).map((name) => [name, () => values[name]]),
  ) as unknown as RoomReaders;
  const clock = handClock();
  const feed = createFeed({
    clock,
    readers,
    failed: (_where, error) => {
      throw error;
    },
  });
  return { values, clock, feed };
};

test('several touches make one change, unchanged rooms are not sent, revisions are consecutive', () => {
  const { values, clock, feed } = setup();
  const { revision } = feed.snapshot();
  const got: Change[] = [];
  feed.subscribe(revision, (change) => got.push(change));
  for (let at = 0; at < 50; at += 1) {
    values.status = { state: 'training', updated_at: at };
    feed.touch('status');
  }
  feed.touch('queue');
  clock.advance(1);
  expect(got.map((change) => [change.revision, Object.keys(change.rooms)])).toEqual([
    [revision + 1, ['status']],
  ]);
  values.status = { state: 'training', updated_at: 99 };
  feed.touch('status');
  clock.advance(1);
  expect(got).toHaveLength(1);
});

test('a client that reconnects gets the missed changes, or needs a new snapshot after too many', () => {
  const { values, clock, feed } = setup();
  const { revision } = feed.snapshot();
  const change = (value: number) => {
    values.notices = [value];
    feed.touch('notices');
    clock.advance(0.25);
  };
  for (let at = 1; at <= 3; at += 1) change(at);
  const got: number[] = [];
  feed.subscribe(revision + 1, (entry) => got.push(entry.revision));
  expect(got).toEqual([revision + 2, revision + 3]);
  for (let at = 4; at <= 1010; at += 1) change(at);
  expect(() => feed.subscribe(revision, () => undefined)).toThrow('no longer available');
  expect(() => feed.subscribe(revision + 5000, () => undefined)).toThrow('no longer available');
});

test('a source touches its rooms until it is stopped', () => {
  const touched: string[] = [];
  const [queue, disk] = [new Emitter<void>(), new Emitter<{ free: number }>()];
  const stop = touchFrom({ touch: (room) => touched.push(room) }, [
    [queue, ['queue', 'datasets']],
    [disk, ['machine']],
  ]);
  queue.emit(undefined);
  disk.emit({ free: 1 });
  expect(touched).toEqual(['queue', 'datasets', 'machine']);
  stop();
  queue.emit(undefined);
  expect(touched).toHaveLength(3);
});

test('new points of several steps are sent together; a reset drops earlier ones', () => {
  const { clock, feed } = setup();
  const got: Change[] = [];
  feed.subscribe(feed.snapshot().revision, (entry) => got.push(entry));
  const news = (step: number, reset = false) => {
    const point = { step, t: 0, loss: 1, lr: 1, grad_norm: 1, tokens_per_second: 1, memory_mb: 1 };
    feed.news({ branch: 'main', reset, points: [point], evaluations: [], markers: [] });
  };
  news(1);
  news(2);
  clock.advance(0.25);
  news(3);
  news(4, true);
  clock.advance(0.25);
  expect(got.map((entry) => entry.metrics?.points.map((point) => point.step))).toEqual([
    [1, 2],
    [4],
  ]);
  expect((got[0]?.rooms as Partial<Rooms>).status).toBeUndefined();
});

test('sends one notice of a kind in 10 minutes, then a summary; other kinds are not delayed', () => {
  const clock = handClock();
  const told: NoticeText[] = [];
  const throttle = createThrottle(clock, (text) => told.push(text));
  for (const key of ['a', 'b', 'c']) throttle.tell(drift([key]));
  throttle.tell({ ...drift(['x']), kind: 'hang' });
  expect(told.map((notice) => notice.kind)).toEqual(['config_drift', 'hang']);
  clock.advance(599);
  expect(told).toHaveLength(2);
  clock.advance(2);
  expect(told).toHaveLength(3);
  expect(told[2]?.body).toContain('2 of this kind in 10 min');
  throttle.tell(drift(['d']));
  expect(told).toHaveLength(4);
});

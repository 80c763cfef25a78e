import { expect, test } from 'vitest';
import type { Change, Rooms } from '../../src-main/contract/index.ts';
import { createFeed, type RoomReaders } from '../../src-main/engine/status/feed.ts';
import { createThrottle } from '../../src-main/engine/notices/throttle.ts';
import { configChanged, type NoticeText } from '../../src-main/engine/notices/messages.ts';
import { ManualClock } from '../support/manual-clock.ts';

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
  const clock = new ManualClock();
  const feed = createFeed({
    clock,
    readers,
    failed: (_where, error) => {
      throw error;
    },
  });
  return { values, clock, feed };
};

test('many touches are one change, what did not change is not sent, revisions have no hole', () => {
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

test('who was away gets the kept changes first; who was away too long takes a new snapshot', () => {
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

test('new points of several steps are sent together, a reset forgets what was before it', () => {
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

test('one announcement of a kind in 10 minutes, the others together; another kind is not held up', () => {
  const clock = new ManualClock();
  const told: (NoticeText & { readonly id: string; readonly isHeldBack: boolean })[] = [];
  const announced: string[] = [];
  const throttle = createThrottle(clock, {
    publish(text, isHeldBack) {
      const id = String(told.length);
      told.push({ ...text, id, isHeldBack });
      return id;
    },
    announce: (ids) => {
      announced.push(...ids);
    },
  });
  // A past event, not a condition.
  const event = (key: string): NoticeText => ({ ...configChanged([key]), condition: undefined });
  for (const key of ['a', 'b', 'c']) throttle.notify(event(key));
  throttle.notify({ ...event('x'), kind: 'hang' });
  expect(told.map(({ isHeldBack }) => isHeldBack)).toEqual([false, true, true, false]);
  clock.advance(599);
  expect(announced).toEqual([]);
  clock.advance(2);
  expect(announced).toEqual(['1', '2']);
  throttle.notify(event('d'));
  // Two conditions of one kind are two facts.
  throttle.notify({ ...event('e'), condition: 'one' });
  throttle.notify({ ...event('f'), condition: 'two' });
  expect(told.slice(4).map(({ isHeldBack }) => isHeldBack)).toEqual([false, false, false]);
  throttle.notify({ ...event('g'), condition: 'two' });
  throttle.close();
  expect(announced).toEqual(['1', '2', '7']);
});

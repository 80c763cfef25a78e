import { describe, expect, test } from 'vitest';
import {
  decideCompletion,
  decideNext,
  decideRetry,
  expectedTimes,
  type QueueReadings,
} from '../../src-main/engine/queue/queue-rules.ts';
import { decideStart, stepsBefore } from '../../src-main/engine/queue/pass-position.ts';
import { factoryConfig } from '../../src-main/contract/index.ts';

const ready = (id: string, held = false) => ({ id, name: `${id}.jsonl`, held, isReady: true });
const readings: QueueReadings = {
  desiredState: 'running',
  isSupervising: false,
  open: null,
  waiting: [ready('a'), ready('b')],
  noBase: null,
  notBefore: null,
};

describe('decideNext', () => {
  const cases: readonly [string, Partial<QueueReadings>, object][] = [
    ['begins the first that is ready', {}, { kind: 'begin', id: 'a' }],
    [
      'ignores a held dataset',
      { waiting: [ready('a', true), ready('b')] },
      { kind: 'begin', id: 'b' },
    ],
    [
      'ignores a dataset that is not validated',
      { waiting: [{ ...ready('a'), isReady: false }, ready('b')] },
      { kind: 'begin', id: 'b' },
    ],
    ['continues an open pass before anything else', { open: 'x' }, { kind: 'continue', id: 'x' }],
    ['never begins while a trainer runs', { isSupervising: true }, { kind: 'wait' }],
    ['stays stopped', { desiredState: 'stopped', open: 'x' }, { kind: 'wait', why: 'stopped' }],
    ['stays paused', { desiredState: 'paused', open: 'x' }, { kind: 'wait', why: 'paused' }],
    [
      'finishes the open dataset before it stops',
      { desiredState: 'stopping_after', open: 'x' },
      { kind: 'continue', id: 'x' },
    ],
    ['stops when that dataset is done', { desiredState: 'stopping_after' }, { kind: 'stop' }],
    [
      'waits for a base model',
      { noBase: 'no base model is chosen' },
      { kind: 'wait', why: 'no base model is chosen' },
    ],
    [
      'an open pass continues from its own base, whichever is selected now',
      { noBase: 'the base model x cannot be read', open: 'x' },
      { kind: 'continue', id: 'x' },
    ],
    [
      'waits while the machine is not ready',
      { open: 'x', notBefore: 101 },
      { kind: 'wait', until: 101 },
    ],
    [
      'continues when that time is over',
      { open: 'x', notBefore: 100 },
      { kind: 'continue', id: 'x' },
    ],
    ['an empty queue is idle', { waiting: [] }, { kind: 'wait', why: 'the queue is empty' }],
    [
      'a queue of held datasets waits with that reason',
      { waiting: [ready('a', true)] },
      { kind: 'wait', why: 'all datasets are held' },
    ],
  ];
  test.each(cases)('%s', (_name, change, expected) => {
    expect(decideNext({ ...readings, ...change }, 100)).toMatchObject(expected);
  });
});

test('a dataset that trained fewer steps than planned is a failure, also with none', () => {
  expect(decideCompletion({ planned: 35, done: 35 })).toBeNull();
  expect(decideCompletion({ planned: 35, done: 0 })).toContain('0 of 35 planned steps');
  expect(decideCompletion({ planned: 35, done: 36 })).not.toBeNull();
});

test('the machine is checked again, less and less often', () => {
  expect([1, 2, 3, 10].map((attempt) => decideRetry(attempt))).toEqual([10, 20, 40, 300]);
});

test('expected times follow one another, and are unknown after the first unknown', () => {
  const times = expectedTimes(1010, [
    { id: 'a', seconds: 5 },
    { id: 'b', seconds: null },
    { id: 'c', seconds: 2.5 },
  ]);
  expect(times.get('a')).toEqual({ starts_at: 1010, ends_at: 1015 });
  expect(times.get('b')).toEqual({ starts_at: 1015, ends_at: null });
  expect(times.get('c')).toEqual({ starts_at: null, ends_at: null });
  expect(expectedTimes(null, [{ id: 'a', seconds: 1 }]).get('a')).toEqual({
    starts_at: null,
    ends_at: null,
  });
});

test('a cursor counts only for the same content in the same order', () => {
  const cursor = {
    format: 1 as const,
    position: 64,
    epoch: 1,
    seed: 42,
    content_hash: 'h',
    excluded_rows: [],
    step: 9,
  };
  const now = { contentHash: 'h', cache: 'c', excludedRows: [], rows: 40 };
  const same = { position: 64, epoch: 1, rowOrder: 'all' };
  const first = { position: 0, epoch: 0, rowOrder: 'all' };
  expect(decideStart(cursor, now, factoryConfig)).toEqual(same);
  expect(decideStart({ ...cursor, cache: 'c' }, now, factoryConfig)).toEqual(same);
  // Validated again with other rows accepted: the position would skip rows that were never trained.
  expect(decideStart({ ...cursor, cache: 'b' }, now, factoryConfig)).toEqual(first);
  expect(decideStart(cursor, { ...now, contentHash: 'other' }, factoryConfig)).toEqual(first);
  expect(decideStart(cursor, now, { ...factoryConfig, seed: 1 })).toEqual(first);
  // A row that was excluded then is trained now: only other content makes that.
  const without = { ...cursor, excluded_rows: [7], row_order: 'all' as const };
  expect(decideStart(without, now, factoryConfig)).toEqual(first);
});

test('a cursor continues behind the same rows when others were quarantined since', () => {
  const cursor = {
    ...{ format: 1 as const, position: 64, epoch: 1, seed: 42, content_hash: 'h', step: 9 },
    excluded_rows: [] as number[],
  };
  const now = { contentHash: 'h', cache: 'c', excludedRows: [7, 8], rows: 40 };
  // 24 rows of the second epoch are done; the epoch has 38 rows now.
  const start = decideStart(cursor, now, factoryConfig);
  expect(start).toEqual({ position: 38 + 24, epoch: 1, rowOrder: 'all' });
  // Row 8 had been trained in this epoch: one row fewer is done.
  expect(decideStart(cursor, now, factoryConfig, new Set([3, 8])).position).toBe(38 + 23);
  const again = { ...cursor, position: 62, excluded_rows: [7, 8] };
  expect(decideStart({ ...again, row_order: 'all' }, now, factoryConfig)).toEqual({
    ...{ position: 62, epoch: 1, rowOrder: 'all' },
  });
  // A pass of an older version: its order holds for the same rows only.
  expect(decideStart(again, now, factoryConfig).rowOrder).toBe('kept');
  const more = { ...now, excludedRows: [7, 8, 9] };
  expect(decideStart(again, more, factoryConfig).position).toBe(0);
  expect(decideStart({ ...again, row_order: 'all' }, more, factoryConfig).position).toBe(37 + 24);
});

test('steps before a position count the short last step of every epoch', () => {
  const config = { batch_size: 16, gradient_accumulation: 1 };
  expect(stepsBefore(0, 100, config)).toBe(0);
  expect(stepsBefore(164, 100, config)).toBe(7 + 4);
  expect(stepsBefore(200, 100, config)).toBe(14);
});

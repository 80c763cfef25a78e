/** A file with the rows of another one is asked about: once, whichever is validated first, and no longer than there is a reason. */
import { expect, test } from 'vitest';
import type { DatasetRecord } from '../../src-main/engine/datasets/dataset-records.ts';
import { type DatasetMeta, newMeta } from '../../src-main/engine/datasets/meta.ts';
import {
  askAgain,
  noLongerRepeated,
  trainedBefore,
} from '../../src-main/engine/datasets/repeated-files.ts';

type Validated = NonNullable<DatasetMeta['validated']>;
const ready = { verdict: 'ready', content_hash: 'x', rows_hash: 'r', message: null } as Validated;
const asked: Validated = { ...ready, verdict: 'needs_decision', decision: 'trained_before' };

const meta = (id: string, changes: Partial<DatasetMeta>): DatasetMeta => ({
  ...newMeta({
    ...{ id, name: `${id}.jsonl`, source: 'dropped', added: 1, priority: 'normal' },
    ...{ position: 0, place_hint: 'queue', complete: true },
  }),
  ...changes,
});
const record = (
  id: string,
  place: DatasetRecord['place'],
  changes: Partial<DatasetMeta> = {},
): DatasetRecord => ({
  meta: meta(id, { validated: ready, ...changes }),
  ...{ place, priority: 'normal', file: '/f', bytes: 1 },
});
const before = (changes: Partial<DatasetMeta>, ...records: readonly DatasetRecord[]) =>
  trainedBefore(meta('d', changes), ready, records)?.meta.id ?? null;

test('rows that were trained, are training or wait are asked about', () => {
  expect(before({}, record('first', 'completed'))).toBe('first');
  expect(before({}, record('first', 'processing'))).toBe('first');
  expect(before({}, record('first', 'queue'))).toBe('first');
  // A skipped or failed file counts once a part of it is trained.
  expect(before({}, record('first', 'skipped', { done_steps: 0 }))).toBeNull();
  expect(before({}, record('first', 'failed', { done_steps: 3 }))).toBe('first');
  const other = { ...ready, rows_hash: 's', content_hash: 'y' };
  expect(before({}, record('first', 'queue', { validated: other }))).toBeNull();
  expect(before({ train_again: true }, record('first', 'completed'))).toBeNull();
});

test('of two files that wait, one is asked about, also when both are validated again', () => {
  // The one that was asked about, or accepted as a repetition, gives the other no reason to ask.
  expect(before({}, record('first', 'queue', { validated: asked }))).toBeNull();
  expect(before({}, record('first', 'queue', { train_again: true }))).toBeNull();
});

test('the question names the dataset and its state', () => {
  expect(askAgain(ready, record('first', 'completed'))).toMatchObject({
    ...{ verdict: 'needs_decision', decision: 'trained_before' },
    message:
      'Same content as first.jsonl, which was already trained. Train it again, or remove it from the queue.',
  });
  const rows = { ...ready, content_hash: 'y' };
  expect(askAgain(rows, record('first', 'queue')).message).toBe(
    'Same rows as first.jsonl, which is waiting in the queue. Train it as well, or remove it from the queue.',
  );
});

test('the question goes when the other file is removed', () => {
  const second = record('second', 'queue', { validated: asked });
  const ids = (...records: DatasetRecord[]) =>
    noLongerRepeated(records).map(({ meta: { id } }) => id);
  expect(ids(record('first', 'queue'), second)).toEqual([]);
  expect(ids(record('first', 'skipped'), second)).toEqual(['second']);
  expect(ids(record('first', 'completed'), second)).toEqual([]);
  expect(ids(record('first', 'queue', { validated: null }), second)).toEqual(['second']);
});

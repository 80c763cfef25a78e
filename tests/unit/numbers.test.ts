/** Planned and trained steps, and the step that each figure was measured at. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  ancestryUpTo,
  type EvaluationPoint,
  factoryConfig,
  isInAncestry,
  MIN_ROWS_FOR_GAP,
  SMOOTHING_WEIGHT,
} from '../../src-main/contract/index.ts';
import { plannedSteps, remainingSteps } from '../../src-main/engine/datasets/intake.ts';
import { newMeta } from '../../src-main/engine/datasets/meta.ts';
import { summarize } from '../../src-main/engine/datasets/summary.ts';
import type { DatasetRecord } from '../../src-main/engine/datasets/dataset-store.ts';
import { TrainingLoss } from '../../src-main/engine/metrics/smoothing.ts';
import { datasetDone } from '../../src-main/engine/notices/messages.ts';
import { validationOf } from '../../src-main/engine/queue/pass-completion.ts';

const config = { ...factoryConfig, batch_size: 8, gradient_accumulation: 1, epochs: 2 };

describe('remaining steps', () => {
  /** As the sampler of the trainer counts: a step never crosses an epoch. */
  function counted(position: number, rows: number): number {
    let steps = 0;
    for (let at = position; at < rows * config.epochs; steps += 1)
      at = Math.min(at + config.batch_size, (Math.floor(at / rows) + 1) * rows);
    return steps;
  }
  test('from every position they are those that the trainer takes', () => {
    for (const rows of [1, 7, 8, 20, 33])
      for (let position = 0; position <= rows * config.epochs; position += 1)
        expect([rows, position, remainingSteps(position, rows, config)]).toEqual([
          rows,
          position,
          counted(position, rows),
        ]);
    expect(remainingSteps(0, 33, config)).toBe(plannedSteps(33, config));
    expect(remainingSteps(100, 33, config)).toBe(0);
    expect(remainingSteps(0, 0, config)).toBe(0);
  });
});

describe('planned steps of a dataset after the batch size was changed', () => {
  const validated = {
    ...{ key: 'k', verdict: 'ready' as const, decision: null, message: null, rows: 100 },
    ...{ accepted: 100, rejected: 0, held_out: 0, trained_rows: 100, planned_steps: 25 },
    ...{ content_hash: 'c', cache: 'k', t: 1 },
    ...{ rows_hash: null, fields: [] as string[], warnings: [] as string[] },
  };
  const steps = (
    place: DatasetRecord['place'],
    changes: Partial<DatasetRecord['meta']>,
  ): (number | null)[] => {
    const meta = newMeta({
      ...{ id: 'd', name: 'a.jsonl', source: 'dropped', added: 1, priority: 'normal' },
      ...{ position: 0, place_hint: place, complete: true },
    });
    const record = { meta: { ...meta, validated, ...changes }, place, priority: 'normal' as const };
    const summary = summarize({ ...record, file: 'a.jsonl', bytes: 1 }, null, 0, config);
    return [summary.done_steps, summary.planned_steps];
  };
  test.each(['completed', 'failed', 'skipped', 'processing'] as const)(
    '%s: those of its own pass',
    (place) => {
      expect(steps(place, { done_steps: 45, planned_steps: 50 })).toEqual([45, 50]);
    },
  );
  test('completed, from before passes noted their steps: those that were trained', () => {
    expect(steps('completed', { done_steps: 18 })).toEqual([18, 18]);
  });
  test('waiting: as the settings say, after what is trained already', () => {
    expect(steps('queue', {})).toEqual([null, 26]);
    // 45 steps of 4 rows trained 180 of 200 rows; 20 rows are left.
    expect(steps('queue', { done_steps: 45, planned_steps: 50, resumes_at: 180 })).toEqual([
      45, 48,
    ]);
  });
});

const evaluation = (step: number, slice: number | null, core: number): EvaluationPoint => ({
  ...{ step, t: step, core_loss: core, slice_loss: slice, gap: null },
  ...{ exact: null, exact_k: null, exact_n: null, think: null },
});

describe('validation (this dataset) before and after a pass', () => {
  test('each with its step, never those of the fixed set', () => {
    expect(validationOf({ start: evaluation(0, 6, 7), end: evaluation(12, 2, 3) }, 12)).toEqual({
      ...{ validation_before: 6, validation_before_step: 0 },
      ...{ validation_after: 2, validation_after_step: 12 },
    });
    const mixed = { start: evaluation(0, null, 7), end: evaluation(12, 2, 3) };
    expect(validationOf(mixed, 12)).toMatchObject({ validation_before: null, validation_after: 2 });
  });
  test('a figure of another step never stands for the last one', () => {
    const none = { validation_after: null, validation_after_step: null };
    expect(validationOf({ start: evaluation(0, 6, 7), end: null }, 12)).toMatchObject(none);
    const early = { start: evaluation(0, 6, 7), end: evaluation(9, 2, 3) };
    expect(validationOf(early, 12)).toMatchObject(none);
    expect(validationOf({ start: null, end: null }, 12)).toMatchObject({
      ...none,
      validation_before: null,
    });
  });
  test('the notice says that it is missing', () => {
    const meta = newMeta({
      ...{ id: 'd', name: 'a.jsonl', source: 'dropped', added: 1, priority: 'normal' },
      ...{ position: 0, place_hint: 'completed', complete: true },
    });
    const record = { meta, place: 'completed' as const, priority: 'normal' as const };
    const dataset = summarize({ ...record, file: 'a.jsonl', bytes: 1 }, null, 0, config);
    const text = (after: number | null): string =>
      datasetDone({
        dataset: { ...dataset, validation_before: 6.789, validation_after: after },
        ...{ planned: 2, done: 2, next: null },
      }).body;
    expect(text(2.324)).toBe('2 of 2 steps, validation (this dataset) 6.789 to 2.324.');
    expect(text(null)).toBe('2 of 2 steps, validation (this dataset) not measured.');
  });
});

test('the training loss of a step is that of this step or unknown', () => {
  const loss = new TrainingLoss();
  loss.add(1, 'p', 4);
  loss.add(2, 'p', 2);
  expect(loss.at(1)).toBe(4);
  expect(loss.at(2)).toBe(loss.value);
  expect([loss.at(0), loss.at(3)]).toEqual([null, null]);
});

test('an ancestry up to one of its points', () => {
  const ancestry = [
    { branch: 'main', upto: 10, opened: 0 },
    { branch: 'branch-2', upto: null, opened: 5 },
  ];
  const upTo = ancestryUpTo(ancestry, { branch: 'main', step: 4 });
  expect(isInAncestry(upTo, { branch: 'main', step: 4 })).toBe(true);
  expect(isInAncestry(upTo, { branch: 'main', step: 5 })).toBe(false);
  expect(isInAncestry(upTo, { branch: 'branch-2', step: 11 })).toBe(false);
  expect(ancestryUpTo(ancestry, { branch: 'gone', step: 4 })).toEqual([]);
});

test('the trainer smooths the loss and reports the gap as the contract says', () => {
  const constant = (file: string, name: string): number => {
    const source = new URL(
      `../../python-runtime/nightshift_trainer/train/${file}`,
      import.meta.url,
    );
    return Number(new RegExp(`^${name} = (.*)$`, 'm').exec(readFileSync(source, 'utf8'))?.[1]);
  };
  expect(constant('loss.py', 'SMOOTHING')).toBe(SMOOTHING_WEIGHT);
  expect(constant('evaluate.py', 'MIN_ROWS_FOR_GAP')).toBe(MIN_ROWS_FOR_GAP);
});

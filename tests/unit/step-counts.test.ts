/** Steps are those of the pass: what is trained again after a crash, or before it began, is not counted as another step. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { factoryConfig } from '../../src-main/contract/index.ts';
import type { DatasetRecord } from '../../src-main/engine/datasets/dataset-store.ts';
import { newMeta } from '../../src-main/engine/datasets/meta.ts';
import { summarize } from '../../src-main/engine/datasets/summary.ts';
import { readActual } from '../../src-main/engine/estimate/actual.ts';
import { savesLeft } from '../../src-main/engine/estimate/overhead.ts';
import { compareText } from '../../src-main/engine/estimate/record.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { saveMarks } from '../../src-renderer/rooms/queue/save-marks.ts';

const STARTED = 1_796_083_200;
const lines = (values: readonly object[]) =>
  values.map((value) => JSON.stringify(value)).join('\n');

function run(root: string, name: string, steps: readonly number[]): void {
  const folder = path.join(root, 'runs', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'spec.json'),
    JSON.stringify({ pass: { id: 'p-1' }, created: STARTED }),
  );
  const metrics = steps.map((step) => ({ t: STARTED + step, step, seconds: 0.5, memory_mb: 1 }));
  writeFileSync(path.join(folder, 'metrics.jsonl'), `${lines(metrics)}\n`);
}

test('the comparison counts each step of the pass once, however often it was trained again', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'nightshift-steps-'));
  // Killed after step 8, when the newest checkpoint was that of step 5.
  run(root, '20261201-000000-train-aaaa', [1, 2, 3, 4, 5, 6, 7, 8]);
  run(root, '20261201-000100-train-bbbb', [6, 7, 8, 9, 10]);
  const actual = await readActual(workspacePaths(root), 'p-1', STARTED);
  expect(actual).toMatchObject({ steps: 10, repeated_steps: 3, seconds_per_step: 0.5 });
  const text = compareText('a.jsonl', {
    ...{ format: 1, pass: 'p-1', t: STARTED, base: 'b', device: 'cpu', precision: 'fp32' },
    predicted: {
      ...{ steps: 10, seconds: 60, seconds_per_step: 1, reference_seconds_per_step: 1 },
      ...{ certainty: 'reference', memory: 1000 },
    },
    actual,
  });
  expect(text).toContain('a.jsonl: 10 steps, 3 steps trained again after a crash, took');
});

test('a dataset that waits to be trained again has no step done yet, whatever batch it had before', () => {
  const record = (resumes_at: number | null) =>
    ({
      meta: {
        ...newMeta({
          ...{ id: 'd', name: 'a.jsonl', source: 'dropped', added: 1, priority: 'normal' },
          ...{ position: 0, place_hint: 'queue', complete: true },
        }),
        ...{ done_steps: 9, planned_steps: 9, resumes_at },
        validated: { verdict: 'ready', trained_rows: 72, message: null, warnings: [] },
      },
      ...{ place: 'queue', priority: 'normal', file: 'a.jsonl', bytes: 1 },
    }) as unknown as DatasetRecord;
  const config = { ...factoryConfig, batch_size: 16 };
  expect(summarize(record(null), null, 0, config)).toMatchObject({
    ...{ done_steps: null, planned_steps: 5 },
  });
  // One that continues keeps its nine steps, and adds those of the larger batch.
  expect(summarize(record(40), null, 0, config)).toMatchObject({
    ...{ done_steps: 9, planned_steps: 11 },
  });
});

test('checkpoints still to come are those that the trainer saves', () => {
  const left = (save_steps: number, eval_steps: number, done = 0) =>
    savesLeft({ save_steps, eval_steps }, { steps: 100, done });
  expect(left(100, 500)).toBe(1);
  // 10, 20 ... 90 and the end.
  expect(left(10, 500)).toBe(10);
  // Before an evaluation at the configured interval it saves too: 25, 50, 75.
  expect(left(10, 25)).toBe(12);
  expect(left(10, 25, 60)).toBe(5);
  expect(left(10, 25, 100)).toBe(0);
});

test('save marks lie where the trainer saves: it counts from the first step of the pass', () => {
  expect(saveMarks({ before: 0, every: 10, saved: 25, steps: 40 })).toEqual([25, 50]);
  // Continued after 7 steps of an earlier pass: saved at 17 and 27 of 40.
  expect(saveMarks({ before: 7, every: 10, saved: 30, steps: 40 })).toEqual([42.5, 67.5]);
  expect(saveMarks({ before: 0, every: 1, saved: 400, steps: 400 })).toEqual([]);
  expect(saveMarks({ before: 7, every: 10, saved: 7, steps: 40 })).toEqual([]);
});

/** The numbers of the dashboard: validation loss minus training loss is the gap that is shown. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SMOOTHING_WEIGHT } from '../../src-main/contract/index.ts';
import { createJournal, type Journal } from '../../src-main/engine/journal/index.ts';
import { createMetrics, type MetricsRoom } from '../../src-main/engine/metrics/index.ts';
import { trainingStatusFrom } from '../../src-main/engine/status/training-status.ts';
import type { TrainerRoom } from '../../src-main/engine/trainer/index.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { systemClock } from '../../src-main/kit/index.ts';

let root: string;
let metrics: MetricsRoom;
let journal: Journal;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-status-'));
});
afterEach(async () => {
  metrics.close();
  await journal.flush();
  rmSync(root, { recursive: true, force: true });
});

async function open(): Promise<void> {
  const paths = workspacePaths(root);
  journal = createJournal({ paths, clock: systemClock });
  metrics = await createMetrics({
    paths,
    trainer: { view: () => ({ alive: false, run: null }) } as unknown as TrainerRoom,
    journal,
    clock: systemClock,
    ancestry: () => [{ branch: 'main', upto: null, opened: 0 }],
  });
}

/** As `SmoothedLoss` of the trainer computes it (train/loss.py). */
class TrainerSmoothing {
  average = 0;
  weight = 0;
  add(loss: number): void {
    if (!Number.isFinite(loss)) return;
    this.average = SMOOTHING_WEIGHT * this.average + (1 - SMOOTHING_WEIGHT) * loss;
    this.weight = SMOOTHING_WEIGHT * this.weight + (1 - SMOOTHING_WEIGHT);
  }
  get value(): number {
    return this.average / this.weight;
  }
}

let state = 7;
const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;

/** Writes a run as the trainer does; the smoothing continues from `smoothing`. */
function writeRun(
  name: string,
  pass: string,
  steps: { readonly from: number; readonly to: number },
  smoothing: TrainerSmoothing,
): void {
  const folder = path.join(root, 'runs', name);
  mkdirSync(folder, { recursive: true });
  const dataset = { name: `${pass}.jsonl` };
  writeFileSync(
    path.join(folder, 'spec.json'),
    JSON.stringify({ dataset, lineage: { branch: 'main' }, created: 1000 }),
  );
  const append = (file: string, line: object): void => {
    appendFileSync(path.join(folder, file), `${JSON.stringify(line)}\n`);
  };
  append('events.jsonl', { type: 'resumed', step: steps.from - 1, t: 1000, lost_steps: 0 });
  for (let step = steps.from; step <= steps.to; step += 1) {
    // Some losses aren't finite; of some steps only the gradient norm isn't.
    const loss = step % 11 === 0 ? NaN : 1 + random();
    smoothing.add(loss);
    append('metrics.jsonl', {
      step,
      t: 1000 + step,
      dataset: `d-${pass}`,
      pass,
      epoch: 0,
      loss: Number.isFinite(loss) ? loss : null,
      lr: 0.1,
      grad_norm: step % 7 === 0 ? null : 1,
      tokens_per_second: 100,
      memory_mb: 10,
    });
  }
  const validation = 1 + random();
  append('events.jsonl', {
    type: 'evaluation',
    step: steps.to,
    t: 1000 + steps.to,
    core: { loss: 3, rows: 50, tokens: 500 },
    slice: { loss: validation, rows: 50, tokens: 500 },
    exact: null,
    think: null,
    train_smoothed: smoothing.value,
    precision: 'bf16',
    gap: validation - smoothing.value,
    abandoned: false,
  });
}

function status() {
  return trainingStatusFrom({
    now: 2000,
    state: { state: 'training', reason: null, since: 1000 },
    trainer: {
      alive: true,
      pid: 1,
      run: 'r',
      device: 'cpu',
      heartbeat: null,
      pending: null,
      recovering: null,
      unsaved: null,
    },
    trainerStep: null,
    latest: metrics.latest(),
    left: null,
    validation: {
      evaluation: metrics.latest().evaluation,
      passStart: null,
      stepsDone: 0,
      plannedSteps: 0,
      cadence: { eval_steps: 50 },
      heldOut: 50,
      generatesAnswers: true,
    },
    preview: null,
    dataset: null,
    progress: null,
    queue: { high: 0, normal: 0, low: 0, processing: 1, completed: 0, failed: 0, skipped: 0 },
    notReady: null,
    config: { save_steps: 100, batch_size: 1, gradient_accumulation: 1, model_name: 'm' },
    branch: 'main',
    newestCheckpoint: null,
    gpu: null,
    memory: { used_mb: 1, total_mb: 2, trainer_mb: null },
    cpuPercent: null,
    disk: { freeGb: null, floorGb: null },
  });
}

function expectNumbersToSubtract(step: number): void {
  const { loss_smoothed, validation_dataset, validation_fixed, validation_loss, val_train_gap } =
    status();
  expect(validation_fixed).toMatchObject({ value: 3, step });
  expect(validation_loss).toEqual(validation_dataset);
  expect([validation_dataset?.step, val_train_gap?.step]).toEqual([step, step]);
  expect(status().evaluation_precision).toBe('bf16');
  expect(loss_smoothed).not.toBeNull();
  const difference = (validation_dataset?.value ?? NaN) - (loss_smoothed?.value ?? NaN);
  expect(Math.abs(difference - (val_train_gap?.value ?? NaN))).toBeLessThan(1e-9);
}

test('at an evaluation, validation loss minus training loss is the gap', async () => {
  writeRun('20260101-000000-train-aaaa', 'p-1', { from: 1, to: 240 }, new TrainerSmoothing());
  await open();
  expectNumbersToSubtract(240);
});

test('also in the next pass, where the average restarts', async () => {
  writeRun('20260101-000000-train-aaaa', 'p-1', { from: 1, to: 240 }, new TrainerSmoothing());
  writeRun('20260101-000100-train-bbbb', 'p-2', { from: 241, to: 246 }, new TrainerSmoothing());
  await open();
  expectNumbersToSubtract(246);
});

test('also after a crash, where the trainer resumes the average of the checkpoint', async () => {
  const smoothing = new TrainerSmoothing();
  writeRun('20260101-000000-train-aaaa', 'p-1', { from: 1, to: 20 }, smoothing);
  const saved = Object.assign(new TrainerSmoothing(), smoothing);
  writeRun('20260101-000100-train-bbbb', 'p-1', { from: 21, to: 35 }, smoothing);
  writeRun('20260101-000200-train-cccc', 'p-1', { from: 21, to: 25 }, saved);
  await open();
  expectNumbersToSubtract(25);
});

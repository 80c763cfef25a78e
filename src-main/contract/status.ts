/** The live status, in one shape for the window, `status/training_status.json`, `GET /api/status` and the command line. */
import { z } from 'zod';
import { measuredPrecision } from './metrics.ts';

export const trainingState = z.enum([
  'idle',
  'validating',
  'loading',
  'training',
  'evaluating',
  'saving',
  'paused',
  'stopping',
  'stopped',
  'recovering',
  // For a device that another trainer holds; `reason` says which and whose.
  'waiting',
  'failed',
]);
export type TrainingState = z.infer<typeof trainingState>;

/** A measured value with its step and time (Unix seconds); null when unknown. */
export const measured = z
  .object({ value: z.number(), step: z.number().int(), t: z.number() })
  .nullable();
export type Measured = z.infer<typeof measured>;

export const exactMatch = z.object({
  k: z.number().int(),
  n: z.number().int(),
  /** Wilson interval, 95 %, as fractions. */
  low: z.number(),
  high: z.number(),
  /** Answers that a limit cut off; part of the n. */
  unfinished: z.number().int(),
  /** Questions that the time limit left out; not part of the n. */
  not_asked: z.number().int().optional(),
  step: z.number().int(),
  t: z.number(),
});

export const preview = z.object({
  step: z.number().int(),
  t: z.number(),
  row: z.number().int(),
  /** Fixed validation set, or the dataset in training; null in previews of earlier versions. */
  source: z.enum(['fixed', 'dataset']).nullable().optional(),
  prompt: z.string(),
  /** Exactly what the model read; null in previews of earlier versions. */
  rendered: z.string().nullable().optional(),
  expected: z.string(),
  produced: z.string(),
  matches: z.boolean(),
  finished: z.boolean(),
  tokens: z.number().int(),
  seconds: z.number(),
});
export type Preview = z.infer<typeof preview>;

/** The monitoring budget left something out. Percent of the time of the pass. */
export const monitoringSkip = z.object({
  step: z.number().int(),
  t: z.number(),
  percent: z.number(),
  limit: z.number(),
});
export type MonitoringSkip = z.infer<typeof monitoringSkip>;

/** Why a value is unknown, and when it will be known; null where it is known. */
export const missingReasons = z.object({
  validation_dataset: z.string().nullable(),
  validation_fixed: z.string().nullable(),
  gap: z.string().nullable(),
  exact_match: z.string().nullable(),
});
export type MissingReasons = z.infer<typeof missingReasons>;

export const queueCounts = z.object({
  high: z.number().int(),
  normal: z.number().int(),
  low: z.number().int(),
  processing: z.number().int(),
  completed: z.number().int(),
  failed: z.number().int(),
  skipped: z.number().int(),
});

export const gpu = z.object({
  name: z.string(),
  uuid: z.string(),
  utilization: z.number().nullable(),
  memory_used_mb: z.number().nullable(),
  memory_total_mb: z.number().nullable(),
  temperature: z.number().nullable(),
  power: z.number().nullable(),
});

/** Steps after the newest checkpoint that can't be saved. Bytes; null where unknown. */
export const unsavedSteps = z.object({
  step: z.number().int(),
  saved_step: z.number().int().nullable(),
  reason: z.string(),
  free_bytes: z.number().nullable(),
  needed_bytes: z.number().nullable(),
});
export type UnsavedSteps = z.infer<typeof unsavedSteps>;

export const trainingStatus = z.object({
  format: z.literal(1),
  state: trainingState,
  /** Unix seconds since when the state holds, and a short explanation shown under it. */
  since: z.number(),
  reason: z.string().nullable(),
  /** The command that the trainer hasn't acted on yet, and when it was given. */
  pending: z.object({ verb: z.string(), t: z.number() }).nullable(),
  current_step: z.number().int().nullable(),
  total_steps: z.number().int().nullable(),
  step_of_dataset: z.number().int().nullable(),
  steps_of_dataset: z.number().int().nullable(),
  /** Of the steps of the dataset, those of earlier passes; checkpoints are saved each `save_steps` steps of the pass. */
  steps_before_pass: z.number().int().nullable().optional(),
  save_steps: z.number().int().nullable().optional(),
  epoch: z.number().nullable(),
  loss: measured,
  loss_smoothed: measured,
  /** On rows held out of the dataset in training, and on the fixed validation set. */
  validation_dataset: measured.optional(),
  validation_fixed: measured.optional(),
  /** The earlier, single number: of this dataset, else of the fixed set. */
  validation_loss: measured,
  /** Smoothed training loss at the last evaluation: `validation_dataset` minus this is `val_train_gap`. */
  training_loss_at_evaluation: measured.optional(),
  /** Of the weights that the newest evaluation measured; null: not recorded. */
  evaluation_precision: measuredPrecision.nullable().optional(),
  val_train_gap: measured,
  missing: missingReasons.nullable().optional(),
  /** While evaluating: rows of the loss, or generated answers, that are done. */
  evaluation: z
    .object({
      what: z.enum(['losses', 'answers']),
      done: z.number().int(),
      total: z.number().int(),
    })
    .nullable()
    .optional(),
  think_tag_percent: measured,
  exact_match: exactMatch.nullable(),
  learning_rate: measured,
  grad_norm: measured,
  tokens_per_second: measured,
  samples_per_second: measured,
  /** Until the dataset is done, with its evaluations and saves; from the third step. */
  eta_seconds: z.number().nullable(),
  eta_range: z.object({ least: z.number(), most: z.number() }).nullable().optional(),
  current_dataset: z.object({ id: z.string(), name: z.string() }).nullable(),
  queue: queueCounts,
  micro_batch: z.number().int().nullable(),
  batch: z.number().int().nullable(),
  gpu: gpu.nullable(),
  device: z.string().nullable(),
  memory: z
    .object({ used_mb: z.number(), total_mb: z.number(), trainer_mb: z.number().nullable() })
    .nullable(),
  cpu_percent: z.number().nullable(),
  disk_free_gb: z.number().nullable(),
  disk_floor_gb: z.number().nullable(),
  last_checkpoint_step: z.number().int().nullable(),
  /** Null while saving works. */
  unsaved: unsavedSteps.nullable(),
  branch: z.string().nullable(),
  model: z.string().nullable(),
  run: z.string().nullable(),
  last_preview: preview.nullable(),
  /** The budget left out previews after the last one; null: it didn't. */
  preview_skipped: monitoringSkip.nullable().optional(),
  monitoring_percent: z.number().nullable(),
  recovery: z
    .object({
      attempt: z.number().int(),
      /** Attempts before the dataset fails; null: it is restarted until it runs. */
      limit: z.number().int().nullable(),
      cause: z.string(),
      category: z.string(),
    })
    .nullable(),
  error: z.object({ type: z.string(), message: z.string(), when: z.number() }).nullable(),
  updated_at: z.number(),
  trainer: z.object({
    pid: z.number().int().nullable(),
    alive: z.boolean(),
    heartbeat_age_s: z.number().nullable(),
    phase: z.string().nullable(),
  }),
});
export type TrainingStatus = z.infer<typeof trainingStatus>;

/** Numbers, states and times only: what may be read on loopback without a token. Pure. */
export function withoutTexts(status: TrainingStatus): TrainingStatus {
  return {
    ...status,
    reason: null,
    current_dataset: null,
    last_preview: null,
    model: null,
    run: null,
    unsaved: status.unsaved === null ? null : { ...status.unsaved, reason: '' },
    recovery: status.recovery === null ? null : { ...status.recovery, cause: '' },
    error: status.error === null ? null : { ...status.error, message: '' },
  };
}

/**
 * The status as scripts read it, in the file and over HTTP: with the earlier names next to today's.
 * `loss` is a plain number; `loss_measured` has its step and time. Pure.
 */
export function scriptStatus(status: TrainingStatus) {
  const { gpu: measuredGpu, loss } = status;
  const gpuWithOldNames =
    measuredGpu === null ? null : { ...measuredGpu, utilisation: measuredGpu.utilization };
  return {
    ...withOldNames(status),
    gpu: gpuWithOldNames,
    loss: loss?.value ?? null,
    loss_measured: loss,
  };
}

/** The status in a parsed `status/training_status.json`; null when it isn't one. */
export function fromScriptStatus(value: unknown): TrainingStatus | null {
  const file = z.looseObject({ loss_measured: measured }).safeParse(value);
  const status = trainingStatus.safeParse(
    // A file of an earlier version lacks `unsaved`.
    file.success ? { unsaved: null, ...file.data, loss: file.data.loss_measured } : value,
  );
  return status.success ? status.data : null;
}

/** Adds the names that older scripts read. Pure. */
export function withOldNames<
  T extends Pick<
    TrainingStatus,
    'state' | 'current_step' | 'total_steps' | 'validation_loss' | 'val_train_gap'
  >,
>(
  status: T,
): T & {
  readonly status: TrainingStatus['state'];
  readonly step: number | null;
  readonly total: number | null;
  readonly val_loss: number | null;
  readonly gap: number | null;
} {
  return {
    ...status,
    status: status.state,
    step: status.current_step,
    total: status.total_steps,
    val_loss: status.validation_loss?.value ?? null,
    gap: status.val_train_gap?.value ?? null,
  };
}

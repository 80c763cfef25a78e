/** What a run measures at its steps and evaluations, and the curves drawn from it. */
import { z } from 'zod';

/**
 * Weight of the past in the training loss: a debiased EMA over the steps of one dataset. The number that is
 * shown, the gap and the initial position of the slider use it. Equal to `SMOOTHING` of the trainer, or the
 * shown values don't subtract to the gap.
 */
export const SMOOTHING_WEIGHT = 0.6;

/** Of the weights that a figure was measured with: training in bf16 measures the bf16 copy of its fp32 weights. */
export const measuredPrecision = z.enum(['bf16', 'fp32']);

/** The two validation losses, named alike everywhere: on rows held out of the dataset in training, and on the fixed set. */
export const VALIDATION_DATASET = 'Validation (this dataset)';
export const VALIDATION_FIXED = 'Validation (fixed set)';
/** With fewer validation rows of a dataset its gap is not reported. Equal to `MIN_ROWS_FOR_GAP` of the trainer. */
export const MIN_ROWS_FOR_GAP = 20;

/** One optimizer step as drawn. `t` in Unix seconds, loss in nats per trained token, lr as applied. */
export const metricPoint = z.object({
  step: z.number().int(),
  t: z.number(),
  loss: z.number(),
  lr: z.number(),
  grad_norm: z.number(),
  tokens_per_second: z.number(),
  memory_mb: z.number(),
});
export type MetricPoint = z.infer<typeof metricPoint>;

/** One evaluation as drawn; null where nothing was measured. */
export const evaluationPoint = z.object({
  step: z.number().int(),
  t: z.number(),
  core_loss: z.number().nullable(),
  slice_loss: z.number().nullable(),
  gap: z.number().nullable(),
  exact: z.number().nullable(),
  exact_k: z.number().int().nullable(),
  exact_n: z.number().int().nullable(),
  /** Wilson interval, 95 %, as fractions. */
  exact_low: z.number().nullable().optional(),
  exact_high: z.number().nullable().optional(),
  exact_unfinished: z.number().int().nullable().optional(),
  think: z.number().nullable(),
  /** Validation rows of this dataset; with fewer than 20 the gap is unknown. */
  slice_rows: z.number().int().nullable().optional(),
  /** Smoothed training loss at this evaluation: `slice_loss` minus this is the gap. */
  train_smoothed: z.number().nullable().optional(),
  precision: measuredPrecision.nullable().optional(),
});
export type EvaluationPoint = z.infer<typeof evaluationPoint>;

export const markerKind = z.enum([
  'dataset',
  'version',
  'checkpoint',
  'pause',
  'recovery',
  'config',
  'asleep',
  'branch',
]);

export const marker = z.object({
  kind: markerKind,
  step: z.number().int(),
  t: z.number(),
  until: z.number().nullable(),
  label: z.string(),
});
export type Marker = z.infer<typeof marker>;

export const curveKey = z.enum(['loss', 'lr', 'grad_norm', 'tokens_per_second', 'memory_mb']);
export type CurveKey = z.infer<typeof curveKey>;

/** One bucket of points: step and t of its last point, then min, max and mean. At most 2000 per curve. */
export const bucket = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()]);
/** [step, t, min, max, mean] */
export type Bucket = z.infer<typeof bucket>;

export const curves = z.object({
  branch: z.string(),
  from: z.number().int(),
  to: z.number().int(),
  bucket_steps: z.number(),
  curves: z.partialRecord(curveKey, z.array(bucket)),
  /** [step, debiased EMA of the loss] at each bucket's last step, with the smoothing asked for. */
  smoothed: z.array(z.tuple([z.number(), z.number()])),
  /** Thinned to the last one of each bucket where there are more; so are checkpoint markers. */
  evaluations: z.array(evaluationPoint),
  markers: z.array(marker),
});
export type Curves = z.infer<typeof curves>;

/** The evaluations of one branch, by step. Those before its fork belong to its parent. */
export const branchValidation = z.object({
  branch: z.string(),
  evaluations: z.array(evaluationPoint),
});
export type BranchValidation = z.infer<typeof branchValidation>;

/** What a run measures at its steps and evaluations, and the curves drawn from it. */
import { z } from 'zod';

/** One optimizer step as drawn. `t` Unix seconds, loss in nats a trained token, lr as applied. */
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

/** One evaluation as drawn; null where it was not measured. */
export const evaluationPoint = z.object({
  step: z.number().int(),
  t: z.number(),
  core_loss: z.number().nullable(),
  slice_loss: z.number().nullable(),
  gap: z.number().nullable(),
  exact: z.number().nullable(),
  exact_k: z.number().int().nullable(),
  exact_n: z.number().int().nullable(),
  think: z.number().nullable(),
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

/** One bucket: x is the step; min, max, mean of the values inside; t of its last point. At most 2000 a curve. */
export const bucket = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()]);
/** [step, t, min, max, mean] */
export type Bucket = z.infer<typeof bucket>;

export const curves = z.object({
  branch: z.string(),
  from: z.number().int(),
  to: z.number().int(),
  bucket_steps: z.number(),
  curves: z.partialRecord(curveKey, z.array(bucket)),
  /** The debiased EMA of the loss at each bucket's last step, for the asked smoothing. */
  smoothed: z.array(z.tuple([z.number(), z.number()])),
  /** Where there are more than buckets, the last of each bucket; so are the markers of checkpoints. */
  evaluations: z.array(evaluationPoint),
  markers: z.array(marker),
});
export type Curves = z.infer<typeof curves>;

/** The evaluations of one branch, by step: those before its fork stand with the branch that it left. */
export const branchValidation = z.object({
  branch: z.string(),
  evaluations: z.array(evaluationPoint),
});
export type BranchValidation = z.infer<typeof branchValidation>;

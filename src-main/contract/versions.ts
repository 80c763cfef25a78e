/** A saved version of the model, and the result of verifying its files. */
import { z } from 'zod';
import { measuredPrecision } from './metrics.ts';

export const version = z.object({
  number: z.number().int(),
  /** Folder name, `v001_sample`. */
  name: z.string(),
  folder: z.string(),
  description: z.string(),
  created: z.number(),
  branch: z.string(),
  step: z.number().int(),
  datasets: z.array(z.object({ id: z.string(), name: z.string() })),
  /** On the fixed validation set; null in a workspace without one. */
  validation_loss: z.number().nullable(),
  /** On the rows held out of the dataset that was trained last; the gap refers to it. */
  validation_dataset: z.number().nullable().optional(),
  gap: z.number().nullable(),
  training_loss: z.number().nullable(),
  /** `low`, `high`: Wilson interval, 95 %, as fractions; missing in versions made before them. */
  exact_match: z
    .object({
      k: z.number().int(),
      n: z.number().int(),
      low: z.number().optional(),
      high: z.number().optional(),
      /** Answers that were cut off at their maximum length. */
      unfinished: z.number().int().optional(),
    })
    .nullable(),
  /**
   * Step of the evaluation that validation_loss, gap and exact_match come from: the last one before
   * the version was created. null when nothing was measured, or in versions older than this field.
   */
  evaluated_step: z.number().int().nullable().default(null),
  /** Of the weights that these were measured with; missing in versions older than this field. */
  evaluated_precision: measuredPrecision.nullable().optional(),
  parent: z.string().nullable(),
  pinned: z.boolean(),
  how: z.string(),
  bytes: z.number(),
  /** The configuration that the step was trained with; null in versions that didn't store it. */
  config: z.record(z.string(), z.unknown()).nullable().default(null),
});
export type Version = z.infer<typeof version>;

/** Whether a version's files match its manifest. */
export const versionCheck = z.object({
  name: z.string(),
  ok: z.boolean(),
  files: z.number().int(),
  bytes: z.number(),
  /** What is wrong; null when every checksum matches. */
  problem: z.string().nullable(),
});
export type VersionCheck = z.infer<typeof versionCheck>;

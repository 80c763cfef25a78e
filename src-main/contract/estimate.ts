/** Estimates of steps, time, memory and disk for a configuration, and the accuracy of earlier estimates. */
import { z } from 'zod';
import { count } from './format.ts';

/** `fits` up to 75 % of the total, `tight` up to the total, else `too_large`. Null when the total is unknown. */
export const estimateVerdict = z.enum(['fits', 'tight', 'too_large']);
export type EstimateVerdict = z.infer<typeof estimateVerdict>;

/** `runtime` is Python, torch and the CUDA context. */
export const memoryPart = z.enum([
  'runtime',
  'weights',
  'bf16_weights',
  'gradients',
  'optimizer_states',
  'activations',
  'logits_buffer',
]);
export type MemoryPart = z.infer<typeof memoryPart>;
export const diskPart = z.enum(['checkpoints', 'version', 'token_cache']);
export type DiskPart = z.infer<typeof diskPart>;

/** Bytes at the peak of a step. */
export const memoryEstimate = z.object({
  parts: z.array(z.object({ part: memoryPart, bytes: z.number() })),
  bytes: z.number(),
  /** Memory of the GPU, or of the machine on a CPU; null while unknown. */
  total: z.number().nullable(),
  device: z.enum(['gpu', 'cpu']),
  verdict: estimateVerdict.nullable(),
  /** Tokens of the largest micro-batch. */
  tokens_at_once: z.number().int(),
});
export type MemoryEstimate = z.infer<typeof memoryEstimate>;

/** `measured`: from steps of this base on this machine; `reference`: from steps recorded on another machine. */
export const timeCertainty = z.enum(['measured', 'reference']);
export const timeEstimate = z.object({
  seconds_per_step: z.number(),
  /** The whole pass: startup, steps, evaluations, saves. null without a dataset. */
  seconds: z.number().nullable(),
  certainty: timeCertainty,
  tokens_per_step: z.number(),
});
export type TimeEstimate = z.infer<typeof timeEstimate>;

/** Bytes that the pass adds on disk. */
export const diskEstimate = z.object({
  parts: z.array(z.object({ part: diskPart, bytes: z.number() })),
  bytes: z.number(),
  checkpoint_bytes: z.number(),
  checkpoints_kept: z.number().int(),
  /** Free bytes above the minimum free space; null while unknown. */
  room: z.number().nullable(),
  verdict: estimateVerdict.nullable(),
});
export type DiskEstimate = z.infer<typeof diskEstimate>;

export const passEstimate = z.object({
  steps: z.number().int().nullable(),
  /** Rows longer than max_length, approximately; null without a report. */
  rows_over: z.number().int().nullable(),
  trained_rows: z.number().int().nullable(),
  memory: memoryEstimate,
  time: timeEstimate,
  disk: diskEstimate,
});
export type PassEstimate = z.infer<typeof passEstimate>;

/** One row of the batch size comparison. */
export const estimateLevel = z.object({
  batch_size: z.number().int(),
  steps: z.number().int().nullable(),
  seconds_per_step: z.number(),
  memory: z.number(),
  verdict: estimateVerdict.nullable(),
});
export type EstimateLevel = z.infer<typeof estimateLevel>;

/** `estimate.json` of a dataset: predicted and actual cost of its pass. */
export const keptEstimate = z.object({
  format: z.literal(1),
  pass: z.string(),
  /** When it was made, at the start of the pass. */
  t: z.number(),
  base: z.string(),
  device: z.enum(['gpu', 'cpu']),
  precision: z.enum(['bf16', 'fp32']),
  predicted: z.object({
    steps: z.number().int(),
    seconds: z.number(),
    seconds_per_step: z.number(),
    /** On the reference machine; actual over this is this machine's pace. */
    reference_seconds_per_step: z.number(),
    /** The same for start, evaluations and saves together. */
    reference_overhead_seconds: z.number().optional(),
    certainty: z.enum(['measured', 'reference']),
    memory: z.number(),
  }),
  actual: z
    .object({
      /** Each step of the pass once. */
      steps: z.number().int(),
      /** Trained again after a crash; estimates of older versions count them in `steps`. */
      repeated_steps: z.number().int().default(0),
      seconds: z.number(),
      seconds_per_step: z.number(),
      memory: z.number(),
    })
    .nullable(),
});
export type KeptEstimate = z.infer<typeof keptEstimate>;

/** Error of the last estimates: actual / predicted − 1. */
export const estimateRecord = z.object({
  count: z.number().int(),
  time: z.object({ least: z.number(), most: z.number() }).nullable(),
  memory: z.object({ least: z.number(), most: z.number() }).nullable(),
});
export type EstimateRecord = z.infer<typeof estimateRecord>;

/** A queued file with too many rows over max_length; `rows_over` from the length histogram. */
export const refusedFile = z.object({
  id: z.string(),
  name: z.string(),
  rows_over: z.number().int(),
  rows: z.number().int(),
});
export type RefusedFile = z.infer<typeof refusedFile>;

/** With `over_length: refuse` a file may have this share of its rows over max_length. Equal to MAX_OVER_LENGTH_FRACTION of the intake worker. */
export const MAX_OVER_LENGTH_SHARE = 0.05;

/** `a.jsonl (12 of 60 rows over max_length)`; the first ten. Pure. */
export function refusedText(refused: readonly RefusedFile[]): string {
  const named = refused
    .slice(0, 10)
    .map(
      ({ name, rows_over, rows }) =>
        `${name} (${count(rows_over)} of ${count(rows)} rows over max_length)`,
    );
  const more =
    refused.length > named.length ? [`${count(refused.length - named.length)} more`] : [];
  return [...named, ...more].join(', ');
}

export const estimateAnswer = z.object({
  /** null: no dataset, every row as long as max_length allows. */
  dataset: z.object({ id: z.string(), name: z.string() }).nullable(),
  base: z.object({ id: z.string(), label: z.string(), parameters: z.number() }),
  /** With the configuration of the next dataset, and with the requested changes. */
  now: passEstimate,
  changed: passEstimate,
  levels: z.array(estimateLevel),
  /** The largest micro-batch that fits; null when the changed configuration fits, or none does. */
  fitting: z
    .object({
      micro_batch: z.number().int(),
      memory: z.number(),
      /** Relative slowdown per step. */
      slower: z.number(),
    })
    .nullable(),
  /** All queued datasets that are ready, with the changes. */
  queue: z.object({
    datasets: z.number().int(),
    steps: z.number().int(),
    seconds: z.number(),
    rows_over: z.number().int(),
    /** Files that are refused with the changes, because more than 5 % of their rows are over max_length. */
    refused: z.array(refusedFile).default([]),
  }),
  record: estimateRecord,
});
export type EstimateAnswer = z.infer<typeof estimateAnswer>;

/** One way to handle rows longer than max_length, and what it costs. */
export const overLongChoice = z.object({
  option: z.enum(['drop', 'truncate', 'raise']),
  /** The setting to change. */
  key: z.enum(['over_length', 'max_length']),
  value: z.union([z.string(), z.number().int()]),
  /** max_length after the change. */
  max_length: z.number().int(),
  /** Of the readable rows. A row whose whole answer is truncated is lost. */
  rows_kept: z.number().int(),
  rows_lost: z.number().int(),
  /** Estimated from the length histogram; null when it has no longer rows. */
  trained_tokens_lost: z.number().int().nullable(),
  steps: z.number().int().nullable(),
  /** For the whole pass. */
  seconds: z.number().nullable(),
  certainty: timeCertainty,
  /** Peak bytes of a step, and the memory of the device. */
  memory: z.number(),
  memory_total: z.number().nullable(),
  verdict: estimateVerdict.nullable(),
});
export type OverLongChoice = z.infer<typeof overLongChoice>;

export const overLongAnswer = z.object({
  /** Of the current configuration. */
  max_length: z.number().int(),
  /** Rows longer than that. */
  rows: z.number().int(),
  /** What happens to them now; null: the file is refused because of them. */
  now: z.enum(['drop', 'truncate', 'raise']).nullable(),
  /** Empty when no row is too long. */
  choices: z.array(overLongChoice),
});
export type OverLongAnswer = z.infer<typeof overLongAnswer>;

/** Batch sizes of the comparison. */
export const ESTIMATE_LEVELS: readonly number[] = [16, 24, 30, 40];

/** Pure. `total` null: unknown. */
export function verdictOf(bytes: number, total: number | null): EstimateVerdict | null {
  if (total === null) return null;
  if (bytes > total) return 'too_large';
  return bytes > total * 0.75 ? 'tight' : 'fits';
}

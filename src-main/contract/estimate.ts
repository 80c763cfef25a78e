/** What a configuration would take: steps, time, memory, disk, with a verdict; and how well earlier estimates did. */
import { z } from 'zod';

/** Up to 75 % of what there is, up to all of it, more. null: what there is, is not known. */
export const estimateVerdict = z.enum(['fits', 'tight', 'too_large']);
export type EstimateVerdict = z.infer<typeof estimateVerdict>;

/** `program` is Python, torch and the driver's context; `spare` what an allocator holds without use. */
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
  /** What the device has: the card's memory, or the machine's on a CPU; null while it is not known. */
  total: z.number().nullable(),
  device: z.enum(['gpu', 'cpu']),
  verdict: estimateVerdict.nullable(),
  /** Tokens of the largest micro-batch. */
  tokens_at_once: z.number().int(),
});
export type MemoryEstimate = z.infer<typeof memoryEstimate>;

/** `measured`: from steps of this base on this machine; `reference`: from recorded ones of another machine. */
export const timeCertainty = z.enum(['measured', 'reference']);
export const timeEstimate = z.object({
  seconds_per_step: z.number(),
  /** The whole pass: start, steps, evaluations, saves. null without a dataset. */
  seconds: z.number().nullable(),
  certainty: timeCertainty,
  tokens_per_step: z.number(),
});
export type TimeEstimate = z.infer<typeof timeEstimate>;

/** Bytes that the pass adds to what lies on the disk now. */
export const diskEstimate = z.object({
  parts: z.array(z.object({ part: diskPart, bytes: z.number() })),
  bytes: z.number(),
  checkpoint_bytes: z.number(),
  checkpoints_kept: z.number().int(),
  /** Bytes that are free above the floor; null while unknown. */
  room: z.number().nullable(),
  verdict: estimateVerdict.nullable(),
});
export type DiskEstimate = z.infer<typeof diskEstimate>;

export const passEstimate = z.object({
  steps: z.number().int().nullable(),
  /** Rows of the dataset that are longer than max_length, about; null without a report. */
  rows_over: z.number().int().nullable(),
  trained_rows: z.number().int().nullable(),
  memory: memoryEstimate,
  time: timeEstimate,
  disk: diskEstimate,
});
export type PassEstimate = z.infer<typeof passEstimate>;

/** One of the batch sizes that are shown side by side. */
export const estimateLevel = z.object({
  batch_size: z.number().int(),
  steps: z.number().int().nullable(),
  seconds_per_step: z.number(),
  memory: z.number(),
  verdict: estimateVerdict.nullable(),
});
export type EstimateLevel = z.infer<typeof estimateLevel>;

/** `estimate.json` of a dataset: what its pass was expected to take, and what it took. */
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
    /** What the recorded machine would take: the measure that this one is compared by. */
    reference_seconds_per_step: z.number(),
    certainty: z.enum(['measured', 'reference']),
    memory: z.number(),
  }),
  actual: z
    .object({
      steps: z.number().int(),
      seconds: z.number(),
      seconds_per_step: z.number(),
      memory: z.number(),
    })
    .nullable(),
});
export type KeptEstimate = z.infer<typeof keptEstimate>;

/** How the last estimates did: actual over predicted, minus one. */
export const estimateRecord = z.object({
  count: z.number().int(),
  time: z.object({ least: z.number(), most: z.number() }).nullable(),
  memory: z.object({ least: z.number(), most: z.number() }).nullable(),
});
export type EstimateRecord = z.infer<typeof estimateRecord>;

export const estimateAnswer = z.object({
  /** What it is for; null: the longest row that max_length allows, no dataset. */
  dataset: z.object({ id: z.string(), name: z.string() }).nullable(),
  base: z.object({ id: z.string(), label: z.string(), parameters: z.number() }),
  /** With the configuration as it is for the next dataset, and with the changes that were asked about. */
  now: passEstimate,
  changed: passEstimate,
  levels: z.array(estimateLevel),
  /** The largest micro-batch that would fit, where the changed configuration does not; else null. */
  fitting: z
    .object({
      micro_batch: z.number().int(),
      memory: z.number(),
      /** Seconds of a step over those of the configuration, minus one. */
      slower: z.number(),
    })
    .nullable(),
  /** All datasets that wait and are ready, one after another, with the changes. */
  queue: z.object({
    datasets: z.number().int(),
    steps: z.number().int(),
    seconds: z.number(),
    rows_over: z.number().int(),
  }),
  record: estimateRecord,
});
export type EstimateAnswer = z.infer<typeof estimateAnswer>;

/** One option with rows that are longer than max_length, and what it costs. */
export const overLongChoice = z.object({
  option: z.enum(['drop', 'truncate', 'raise']),
  /** The change of the configuration that carries it out. */
  key: z.enum(['over_length', 'max_length']),
  value: z.union([z.string(), z.number().int()]),
  /** The max_length that then holds. */
  max_length: z.number().int(),
  /** Of the rows that can be read. A row whose whole answer is cut off is lost. */
  rows_kept: z.number().int(),
  rows_lost: z.number().int(),
  /** About, from the histogram; null: it shows no row beyond. */
  trained_tokens_lost: z.number().int().nullable(),
  steps: z.number().int().nullable(),
  /** Of the whole pass. */
  seconds: z.number().nullable(),
  certainty: timeCertainty,
  /** Bytes at the peak of a step, and what the device has. */
  memory: z.number(),
  memory_total: z.number().nullable(),
  verdict: estimateVerdict.nullable(),
});
export type OverLongChoice = z.infer<typeof overLongChoice>;

export const overLongAnswer = z.object({
  /** Of the configuration as it is. */
  max_length: z.number().int(),
  /** Rows beyond it. */
  rows: z.number().int(),
  /** What is done with them as it is; null: the file is refused for them. */
  now: z.enum(['drop', 'truncate', 'raise']).nullable(),
  /** Empty when no row is too long. */
  choices: z.array(overLongChoice),
});
export type OverLongAnswer = z.infer<typeof overLongAnswer>;

/** The batch sizes that are shown side by side. */
export const ESTIMATE_LEVELS: readonly number[] = [16, 24, 30, 40];

/** Pure. `total` null: not known. */
export function verdictOf(bytes: number, total: number | null): EstimateVerdict | null {
  if (total === null) return null;
  if (bytes > total) return 'too_large';
  return bytes > total * 0.75 ? 'tight' : 'fits';
}

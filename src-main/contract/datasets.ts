/** Datasets: one data file each, with its verdict, report and row account. */
import { z } from 'zod';
import { encodingOffer, textEncoding } from './encodings.ts';
import { keptEstimate } from './estimate.ts';

export const priority = z.enum(['high', 'normal', 'low']);
export type Priority = z.infer<typeof priority>;

/** The folder that the data file is in. */
export const place = z.enum(['inbox', 'queue', 'processing', 'completed', 'failed', 'skipped']);
export type Place = z.infer<typeof place>;

/** `ready`: validated, may be trained. */
export const verdict = z.enum([
  'waiting',
  'validating',
  'ready',
  'needs_decision',
  'refused',
  'training',
  'completed',
  'failed',
  'skipped',
  'held',
]);
export type Verdict = z.infer<typeof verdict>;

/**
 * Roles of columns; chosen by the user, stored with the dataset. `prompt`, `answer` and `system`: the name
 * of a column, or a text in which `{column}` stands for its value (`{choices[answer]}`: the choice that
 * the column `answer` names).
 */
export const pairMapping = z.object({
  format: z.literal('columns'),
  prompt: z.string().min(1),
  answer: z.string().min(1),
  system: z.string().optional(),
});
/** The column is a raw text: every token is trained. */
export const textMapping = z.object({ format: z.literal('text'), column: z.string().min(1) });
/** The column is a list of messages. */
export const messagesMapping = z.object({
  format: z.literal('messages'),
  column: z.string().min(1),
  system: z.string().optional(),
});
export const columnMapping = z.discriminatedUnion('format', [
  pairMapping,
  textMapping,
  messagesMapping,
]);
export type ColumnMapping = z.infer<typeof columnMapping>;

/** What the user has to decide before a file can be trained. */
export const decisionKind = z.enum([
  'map_columns',
  'unused_fields',
  'think_blocks',
  'accept_valid_rows',
  'trained_before',
  'choose_encoding',
]);
export type DecisionKind = z.infer<typeof decisionKind>;

/** Row counts by state. All but `truncated` add up to `rows`. */
export const rowAccount = z.object({
  rows: z.number().int(),
  /** How many rows were trained exactly n times, keyed by n ("1": 540). */
  trained: z.record(z.string(), z.number().int()),
  held_out: z.number().int(),
  rejected: z.number().int(),
  quarantined: z.number().int(),
  truncated: z.number().int(),
  skipped: z.number().int(),
  remaining: z.number().int(),
});
export type RowAccount = z.infer<typeof rowAccount>;

export const datasetSummary = z.object({
  id: z.string(),
  name: z.string(),
  place,
  priority,
  /** Position inside its priority, from 0; only for place `queue`. */
  position: z.number(),
  held: z.boolean(),
  verdict,
  /** Why it waits or was refused, and what can be done. */
  message: z.string().nullable(),
  decision: decisionKind.nullable(),
  bytes: z.number(),
  added: z.number(),
  finished: z.number().nullable(),
  /** 0..1 while it is copied, uploaded or validated; null otherwise. */
  progress: z.number().nullable(),
  rows: z.number().int().nullable(),
  accepted: z.number().int().nullable(),
  rejected: z.number().int().nullable(),
  held_out: z.number().int().nullable(),
  planned_steps: z.number().int().nullable(),
  done_steps: z.number().int().nullable(),
  /** Estimated time of a waiting dataset with its start, evaluations and saves, seconds; null while unknown. */
  estimate_seconds: z.number().nullable().optional(),
  /** Estimated start and end (Unix seconds); null while unknown. */
  starts_at: z.number().nullable(),
  ends_at: z.number().nullable(),
  /** On the rows held out of it, before its first step and after its last one; null: not measured. */
  validation_before: z.number().nullable(),
  validation_after: z.number().nullable(),
  /** The steps that they were measured at. */
  validation_before_step: z.number().int().nullable().default(null),
  validation_after_step: z.number().int().nullable().default(null),
  /** What is unusual about the file, in a few words each: `only 12 rows`. */
  warnings: z.array(z.string()).default([]),
});
export type DatasetSummary = z.infer<typeof datasetSummary>;

const lengths = z.object({
  p5: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  max: z.number(),
  histogram: z.array(z.object({ from: z.number(), to: z.number(), count: z.number().int() })),
});

export const rejectedRow = z.object({
  row: z.number().int(),
  reason: z.string(),
  message: z.string(),
  text: z.string(),
});

/** Written by the intake worker (`data/datasets/<id>/report.json`). Lengths in tokens. */
export const datasetReport = z.object({
  format: z.literal(1),
  verdict: z.enum(['ready', 'needs_decision', 'refused']),
  record_format: z.string().nullable(),
  rows: z.number().int(),
  accepted: z.number().int(),
  trained_rows: z.number().int(),
  held_out: z.object({
    core: z.number().int(),
    slice: z.number().int(),
    duplicates: z.number().int(),
  }),
  rejected: z.object({
    total: z.number().int(),
    by_reason: z.record(z.string(), z.number().int()),
    first: z.array(rejectedRow),
  }),
  truncated: z.number().int(),
  over_length: z.number().int(),
  /** Of these, rows whose whole answer is beyond max_length. */
  over_length_answer_lost: z.number().int().default(0),
  columns: z
    .array(z.object({ name: z.string(), example: z.string(), distinct: z.number().int() }))
    .nullable(),
  lengths: z.object({ whole: lengths, prompt: lengths, answer: lengths }).nullable(),
  trained_token_share: z.number().nullable(),
  /** Tokens of the accepted rows. */
  tokens: z.number().default(0),
  /** Exact duplicates of an earlier row, after normalization. */
  duplicates: z.number().int(),
  first_duplicates: z.array(z.object({ row: z.number(), of: z.number() })).default([]),
  /** By MinHash; `share`: the estimated common share of the two rows. A lower bound in long files. */
  near_duplicates: z
    .object({
      rows: z.number().int(),
      compared: z.number().int(),
      first: z.array(z.object({ row: z.number(), of: z.number(), similarity: z.number() })),
    })
    .nullable()
    .default(null),
  /** Rows that ask what a row of the fixed core asks; they are held out. */
  overlap_validation: z.number().int(),
  first_overlapping: z.array(z.number()).default([]),
  /** Rows whose last answer stands word for word in what is asked. */
  answer_in_prompt: z
    .object({ rows: z.number().int(), share: z.number(), first: z.array(z.number()) })
    .nullable()
    .default(null),
  /** Rows whose text holds control tokens of the chat template; null: none has. */
  control_tokens: z
    .object({
      rows: z.number().int(),
      first: z.array(z.number()),
      example: z.string(),
      encoded_as_text: z.boolean(),
    })
    .nullable()
    .default(null),
  /** The time that a chat template with the current date was rendered with; null: it has none. */
  template_date: z.string().nullable().default(null),
  /** Fields that are not trained, the most frequent first. `needed`: rows whose answer may depend on it. */
  unused_fields: z
    .array(
      z.object({ name: z.string(), rows: z.number().int(), needed: z.number().int().default(0) }),
    )
    .default([]),
  /** Names of the fields in the file; files with the same ones have the same shape. */
  fields: z.array(z.string()).default([]),
  /** Assistant messages that the file marks as not for training: context without loss. */
  untrained_messages: z
    .object({ messages: z.number().int(), rows: z.number().int() })
    .default({ messages: 0, rows: 0 }),
  /** Rows with <think> blocks; `only`: of these, rows without any other answer. */
  think_blocks: z
    .object({ rows: z.number().int(), only: z.number().int() })
    .nullable()
    .default(null),
  /** A mapping to begin with, where the columns need one. */
  mapping_guess: columnMapping.nullable().default(null),
  /** The same for files with the same accepted rows, in any order. */
  rows_hash: z.string().nullable().default(null),
  warnings: z.array(z.string()).default([]),
  planned_steps: z.number().int(),
  /** What it was validated under; null: the file could not be read, or the report is older than this field. */
  max_length: z.number().int().nullable().default(null),
  max_length_loses_nothing: z.number().int().nullable(),
  notes: z.array(z.string()),
  /** Where the file was cut off, as a sentence; null: it is complete. */
  incomplete: z.string().nullable().default(null),
  /** For a file that is not UTF-8. */
  encoding: encodingOffer.nullable().default(null),
  decision: decisionKind.nullable(),
  message: z.string().nullable(),
  content_hash: z.string(),
  cache: z.string().nullable(),
  seconds: z.number(),
  samples: z.array(
    z.object({
      row: z.number().int(),
      spans: z.array(z.object({ text: z.string(), trained: z.boolean() })),
    }),
  ),
});
export type DatasetReport = z.infer<typeof datasetReport>;

/** The first rows of a file with a mapping that isn't stored yet. */
export const mappingPreview = z.object({
  samples: datasetReport.shape.samples,
  /** Rows among the first ones that this mapping can't use. */
  rejected: z.array(rejectedRow),
});
export type MappingPreview = z.infer<typeof mappingPreview>;

export const datasetDetails = z.object({
  summary: datasetSummary,
  report: datasetReport.nullable(),
  account: rowAccount.nullable(),
  mapping: columnMapping.nullable(),
  /** The file whose decisions about columns or think blocks are used for this one. */
  decided_as: z.string().nullable().default(null),
  /** The one that the user has chosen; null: UTF-8. */
  encoding: textEncoding.nullable().default(null),
  /** Of its latest pass. */
  estimate: keptEstimate.nullable().default(null),
});
export type DatasetDetails = z.infer<typeof datasetDetails>;

/** Which rows are listed; `accepted`: those that a pass may train on. */
export const rowFilter = z.enum([
  'all',
  'accepted',
  'trained',
  'remaining',
  'held_out',
  'truncated',
  'rejected',
  'quarantined',
  'skipped',
]);
export type RowFilter = z.infer<typeof rowFilter>;

/** One physical row: raw, as trained, and its state. */
export const rowDetails = z.object({
  row: z.number().int(),
  state: z.string(),
  times: z.number().int(),
  truncated: z.boolean(),
  /** Why it was rejected. */
  reason: z.string().nullable(),
  message: z.string().nullable(),
  /** The raw record; null when intake didn't store it. `bytes`: its full length. */
  raw: z.object({ text: z.string(), bytes: z.number().int(), cut: z.boolean() }).nullable(),
  /** Decoded from the token cache. Empty when the row was rejected or the dataset isn't ready. */
  examples: z.array(
    z.object({
      tokens: z.number().int(),
      trained_tokens: z.number().int(),
      spans: z.array(z.object({ text: z.string(), trained: z.boolean() })),
      /** Only the beginning is included. */
      cut: z.boolean(),
    }),
  ),
});
export type RowDetails = z.infer<typeof rowDetails>;

export const rowStates = z.object({
  account: rowAccount,
  rows: z.array(
    z.object({
      row: z.number().int(),
      state: z.string(),
      times: z.number().int(),
      reason: z.string().nullable().default(null),
    }),
  ),
  /** Rows that match the filter. */
  total: z.number().int(),
  /** Index in the list of the requested row (`at`), or of the next one after it. */
  at: z.number().int().nullable().default(null),
});

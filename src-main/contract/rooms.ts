/** The smaller shapes that cross the wall: queue, versions, metrics, notices, health, journal, machine, setup, engine. */
import { z } from 'zod';
import { screen } from './screens.ts';

export const desiredState = z.enum(['running', 'paused', 'stopped', 'stopping_after']);
export const queueState = z.object({
  /** What the user wants of the queue; latched over restarts. */
  desired_state: desiredState,
  since: z.number(),
  /** Who or what set it: `you (window)`, `.stop file`, `start`. */
  by: z.string(),
  note: z.string().nullable(),
});
export type QueueState = z.infer<typeof queueState>;

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
  validation_loss: z.number().nullable(),
  gap: z.number().nullable(),
  training_loss: z.number().nullable(),
  exact_match: z.object({ k: z.number().int(), n: z.number().int() }).nullable(),
  /**
   * The step of the evaluation that validation_loss, gap and exact_match come from: a version made between two evaluations carries
   * the figures of the one before. null: nothing was measured, or the version is older than this field.
   */
  evaluated_step: z.number().int().nullable().default(null),
  parent: z.string().nullable(),
  pinned: z.boolean(),
  how: z.string(),
  bytes: z.number(),
  /** The configuration that the step was trained with; null in versions that did not keep it. */
  config: z.record(z.string(), z.unknown()).nullable().default(null),
});
export type Version = z.infer<typeof version>;

export const logSource = z.enum(['engine', 'trainer']);
export type LogSource = z.infer<typeof logSource>;
export const logLines = z.object({
  source: logSource,
  /** The file; null when there is none yet. */
  path: z.string().nullable(),
  /** Oldest first. */
  lines: z.array(z.string()),
  /** Earlier lines that match may stand in the file as well. */
  more: z.boolean(),
});
export type LogLines = z.infer<typeof logLines>;

/** Whether a version's files are what was published. */
export const versionCheck = z.object({
  name: z.string(),
  ok: z.boolean(),
  files: z.number().int(),
  bytes: z.number(),
  /** What is wrong, null when every byte is as it was. */
  problem: z.string().nullable(),
});
export type VersionCheck = z.infer<typeof versionCheck>;

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

/** What the strip draws: spans of one kind, Unix seconds. */
export const activitySpan = z.object({
  kind: z.enum(['training', 'paused', 'idle', 'down', 'asleep']),
  from: z.number(),
  to: z.number(),
  dataset: z.string().nullable(),
});
export const activity = z.object({
  from: z.number(),
  to: z.number(),
  spans: z.array(activitySpan),
  recoveries: z.array(z.object({ t: z.number(), label: z.string() })),
  totals: z.object({
    training_s: z.number(),
    paused_s: z.number(),
    asleep_s: z.number(),
    datasets_done: z.number().int(),
    recoveries: z.number().int(),
    steps_lost: z.number().int(),
  }),
});
export type Activity = z.infer<typeof activity>;

export const noticeKind = z.enum([
  'out_of_memory',
  'crash_recovered',
  'hang',
  'gave_up',
  'disk',
  'dataset_done',
  'queue_empty',
  'dataset_failed',
  'needs_decision',
  'config_drift',
  'engine_restarted',
  'fact',
]);
export const notice = z.object({
  id: z.string(),
  t: z.number(),
  kind: noticeKind,
  tone: z.enum(['info', 'warn', 'fail']),
  title: z.string(),
  body: z.string(),
  opens: screen,
  dismissed: z.boolean(),
});
export type Notice = z.infer<typeof notice>;

export const check = z.object({
  id: z.string(),
  label: z.string(),
  state: z.enum(['ok', 'warn', 'fail', 'unknown']),
  evidence: z.string(),
  fix: z.string().nullable(),
  t: z.number(),
});
export type Check = z.infer<typeof check>;

/** One line of the journal: a decision or intervention with its evidence. */
export const journalEntry = z.object({
  id: z.string(),
  t: z.number(),
  /** Room and verb, `trainer.restart`. */
  what: z.string(),
  /** One plain sentence. */
  text: z.string(),
  step: z.number().int().nullable(),
  dataset: z.string().nullable(),
  /** What it rests on. */
  evidence: z.record(z.string(), z.unknown()),
});
export type JournalEntry = z.infer<typeof journalEntry>;

/** Live readings of the machine, at most once a second. */
export const machine = z.object({
  cpu_percent: z.number().nullable(),
  memory_used_mb: z.number(),
  memory_total_mb: z.number(),
  disk_free_gb: z.number().nullable(),
  disk_total_gb: z.number().nullable(),
  disk_floor_gb: z.number().nullable(),
  t: z.number(),
});
export type Machine = z.infer<typeof machine>;

export const baseId = z.enum(['smollm2', 'starter', 'folder']);
/** First run and base models. */
export const setup = z.object({
  python: z.object({ state: z.enum(['ok', 'missing', 'checking']), detail: z.string() }),
  device: z.object({ kind: z.enum(['cuda', 'cpu', 'unknown']), detail: z.string() }),
  disk: z.object({ state: z.enum(['ok', 'warn', 'fail']), detail: z.string() }),
  bases: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      detail: z.string(),
      state: z.enum(['available', 'making', 'ready', 'failed']),
      progress: z.number().nullable(),
      message: z.string().nullable(),
    }),
  ),
  /** The chosen base, null on a first run. */
  chosen: z.string().nullable(),
  sample_added: z.boolean(),
});
export type Setup = z.infer<typeof setup>;

export const engineFacts = z.object({
  contract: z.number().int(),
  build: z.string(),
  version: z.string(),
  pid: z.number().int(),
  started: z.number(),
  workspace: z.string(),
  workspace_name: z.string(),
  port: z.number().int(),
  platform: z.string(),
});
export type EngineFacts = z.infer<typeof engineFacts>;

/**
 * `spec.json` of each kind of run: what a Python process is asked to do. Only that of a trainer is
 * read again, by the engine that adopts it; so only that one knows earlier names.
 */
import { z } from 'zod';
import { columnMapping } from '../contract/index.ts';
import { checkpointCursor, fileHashes } from './checkpoint.ts';
import { defineFile } from './document.ts';
import {
  baseReference,
  count,
  flag,
  formatNumber,
  integer,
  lineagePoint,
  number,
  text,
  time,
} from './fields.ts';
import { branchName } from './names.ts';
import { SCORERS, trainSpec } from './train-spec.ts';

const worker = {
  format: formatNumber,
  run: text('Run id').optional(),
  workspace: text('Workspace folder').optional(),
  created: time('When the engine wrote it').optional(),
};

export const intakeOptions = z.object({
  max_length: integer('Longest example, tokens'),
  over_length: z.enum(['refuse', 'drop', 'truncate']).describe('Policy for longer rows'),
  control_tokens: z
    .enum(['encode', 'text'])
    .optional()
    .describe('Control tokens in the text of a record; `encode` unless given'),
  system_messages: z
    .enum(['reject', 'merge'])
    .optional()
    .describe('System messages without a system role; `reject` unless given'),
  thinking: z
    .enum(['ask', 'off', 'keep', 'model'])
    .describe('Policy for think blocks; `ask`: the user decides, until then as `off`'),
  slice_rows: count('Validation rows to hold out of this dataset'),
  core_rows: count('Size of the fixed validation set, where there is none yet'),
  seed: integer('Seed of the split'),
  batch_size: integer('Rows per optimizer step'),
  epochs: integer('Epochs of a pass'),
  save_steps: integer('Steps between checkpoints'),
  mapping: columnMapping.nullable().describe('Roles of columns'),
  accept_valid_rows: flag('Train without the rejected rows'),
  accept_unused_fields: flag('Train without fields that the answer may depend on').optional(),
  max_rows: count('Read only so many rows; 0: all').optional(),
  encoding: text('Chosen encoding; UTF-8 unless given').nullable().optional(),
  min_free_bytes: count('Free disk space that is left; 0: no limit').optional(),
  dry_run: flag('Only the report: no token cache, no split'),
});
export type IntakeOptions = z.infer<typeof intakeOptions>;

const intakeSpec = z.object({
  ...worker,
  kind: z.literal('intake'),
  workspace: text('Workspace folder'),
  dataset: z.object({
    id: text('Dataset id'),
    folder: text('Folder of the dataset'),
    name: text('Name of the data file'),
    path: text('Path of the data file'),
  }),
  base: z.object({ folder: text('Folder of the base model') }),
  options: intakeOptions,
});

const baseSpec = z.object({
  ...worker,
  kind: z.literal('base'),
  base: z.object({
    id: z.enum(['starter', 'smollm2', 'folder']).describe('What to make'),
    folder: text('Where it is published'),
    source: text('Model folder to copy; `folder` only').nullable().optional(),
    seed: integer('Seed of the weights; `starter` only'),
  }),
});

const sampleSpec = z.object({
  ...worker,
  kind: z.literal('sample'),
  sample: z.object({
    folder: text('Where `train.jsonl` and `held_out.jsonl` are written'),
    train_rows: count('Rows to train'),
    held_out_rows: count('Rows to ask'),
    seed: integer('Seed of the rows'),
    shuffled: flag('Answers are shuffled, so that there is nothing to learn'),
  }),
});

const evaluateSpec = z.object({
  ...worker,
  kind: z.literal('evaluate'),
  evaluate: z.object({
    model: text('Model folder'),
    questions: text('File of questions, any record format with answers'),
    limit: count('Most questions'),
    max_new_tokens: integer('Longest answer, tokens'),
    scorer: z.enum(SCORERS).describe('How an answer is compared'),
    output: text('File of the result'),
    precision: z.enum(['bf16', 'fp32']).describe('Precision of the weights'),
    device: text('`cpu` unless given').nullable().optional(),
    threads: integer('Threads').nullable().optional(),
    thinking: z.enum(['off', 'keep', 'model']).nullable().optional().describe('`off` unless given'),
  }),
});

const verifySpec = z.object({
  ...worker,
  kind: z.literal('verify'),
  verify: z.object({
    checkpoints: text('Checkpoints of a branch, scanned from the newest').optional(),
    folder: text('This one checkpoint instead').nullable().optional(),
    datasets: z.record(z.string(), z.string()).optional().describe('Data files by dataset id'),
  }),
});

export const stageVerify = z.object({
  action: z.literal('verify'),
  checkpoint: text('Checkpoint to read'),
});
export const stageVerifyBase = z.object({
  action: z.literal('verify_base'),
  base: text('Base model to read'),
  hash: text('Expected hash'),
});
export const stageBranch = z.object({
  action: z.literal('stage'),
  intent: z
    .object({ file: text('restore.json'), id: text('Restore id') })
    .describe('The branch is published only while the file has this id'),
  model: text('Folder of the weights: a version, a checkpoint or a base model'),
  hard_link: flag('Hard links where possible; false for a backup'),
  optimizer_state: text('Checkpoint with optimizer state; null: fresh').nullable(),
  into: text('Folder of the new branch'),
  branch: branchName('Branch name'),
  step: integer('Step of the restored point'),
  parent: lineagePoint.nullable().describe('The restored point; null: the base'),
  base: baseReference,
  hashes: z.record(z.string(), z.unknown()).describe('Hashes for the manifest'),
  cursor: checkpointCursor.nullable(),
  warmup_from: integer('Step that a new warmup counts from'),
  read: fileHashes.optional().describe('Files that were read already, from `verified`'),
});

const stageSpec = z.object({
  ...worker,
  kind: z.literal('stage'),
  stage: z.discriminatedUnion('action', [stageVerify, stageVerifyBase, stageBranch]),
});

const chatSpec = z.object({
  ...worker,
  kind: z.literal('chat'),
  chat: z.object({
    model: text('Model folder'),
    precision: z.enum(['bf16', 'fp32']).describe('Precision of the weights'),
    device: text('`cpu` or `cuda:<index>`'),
    threads: integer('Threads'),
    idle_seconds: number('Ends after this time without a question'),
  }),
});

export const specSchemas = {
  train: trainSpec,
  intake: intakeSpec,
  base: baseSpec,
  sample: sampleSpec,
  evaluate: evaluateSpec,
  verify: verifySpec,
  stage: stageSpec,
  chat: chatSpec,
} as const;
export type Spec = {
  [K in keyof typeof specSchemas]: z.infer<(typeof specSchemas)[K]>;
}[keyof typeof specSchemas];
export type SpecOf<K extends Spec['kind']> = Extract<Spec, { readonly kind: K }>;

/** The part of a worker's spec that is its own; the launcher adds the rest. */
export type WorkerRequest<K extends Exclude<Spec['kind'], 'train'>> = Omit<
  SpecOf<K>,
  'format' | 'kind' | 'run' | 'workspace' | 'created'
>;

/** One file format per kind. */
export const specFiles = {
  train: defineSpec('train'),
  intake: defineSpec('intake'),
  base: defineSpec('base'),
  sample: defineSpec('sample'),
  evaluate: defineSpec('evaluate'),
  verify: defineSpec('verify'),
  stage: defineSpec('stage'),
  chat: defineSpec('chat'),
};

function defineSpec<K extends keyof typeof specSchemas>(kind: K) {
  return defineFile({
    name: 'spec.json',
    damaged: 'Python refuses it and names the key; a running trainer is not adopted',
    group: 'run',
    writer: 'engine, before launch; never changed',
    description: `What a \`${kind}\` process is asked to do`,
    schema: specSchemas[kind],
  });
}

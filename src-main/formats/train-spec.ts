/** `spec.json` of a training run. Python has no defaults of its own: every key is present. */
import { z } from 'zod';
import { configSchema } from '../contract/index.ts';
import { renamed, renamedValue } from './document.ts';
import {
  baseReference,
  count,
  formatNumber,
  integer,
  number,
  rowNumbers,
  rowOrder,
  text,
  time,
} from './fields.ts';
import { branchName, fileName, folderName } from './names.ts';

const created = time('When the engine wrote it').optional();

/** Frozen for the pass and resolved for the machine: no `auto` but `micro_batch`. */
export const resolvedConfig = configSchema.extend({
  precision: z.enum(['bf16', 'fp32']),
  deterministic: z.enum(['on', 'off']),
});
export type ResolvedConfig = z.infer<typeof resolvedConfig>;

export const SCORERS = configSchema.shape.scorer.unwrap().options;
export type Scorer = (typeof SCORERS)[number];

const cadence = z.object({
  warmup_steps: count('Warmup of the learning rate, steps'),
  eval_steps: count('Steps between evaluations'),
  preview_steps: count('Steps between previews'),
});

const trainDataset = z.object({
  id: folderName('Dataset id'),
  folder: text('Folder of the dataset'),
  name: fileName('Name of the data file'),
  content_hash: text('xxh3-128 of the data file'),
  cache: text('Folder of the token cache'),
  excluded_rows: rowNumbers('Quarantined rows that this pass does not train, ascending'),
  row_order: rowOrder.unwrap().default('kept'),
});

export const trainSpec = z.object({
  format: formatNumber,
  kind: z.literal('train'),
  run: folderName('Run id'),
  workspace: text('Workspace folder'),
  created,
  dataset: renamed({ left_out: 'excluded_rows' }, trainDataset),
  pass: z.object({ id: folderName('Pass id'), planned_steps: count('Steps of the pass') }),
  config: resolvedConfig.describe('The frozen configuration, resolved for this machine'),
  cadence: cadence
    .optional()
    .describe('Scaled to the planned steps; without it the configured values hold'),
  frozen: configSchema
    .optional()
    .describe('The frozen configuration as the engine knows it, for the adoption of the run'),
  base: baseReference.extend({ folder: text('Folder of the base model') }),
  lineage: z.object({
    branch: branchName('Branch that is trained'),
    checkpoints: text('Folder of its checkpoints'),
    head_step: integer('Step of its newest checkpoint; null: none').nullable(),
  }),
  validation: z.object({ core: text('Folder of the fixed validation set') }),
  start: z
    .object({ position: integer('Row of the pass'), epoch: integer('Epoch, from 0') })
    .describe('Used when the newest checkpoint is not of this pass'),
  device: text('`cpu`, `cuda:N` or the UUID of a GPU'),
  launcher: z
    .object({
      kind: renamedValue({ torchrun: 'ranks' }, z.enum(['single', 'ranks'])),
      processes: integer('Number of processes'),
    })
    .describe('How it is started'),
  saving: renamedValue({ inline: 'sync', beside: 'async' }, z.enum(['sync', 'async'])).describe(
    '`sync`: training waits until a checkpoint is durable; `async`: a copy is written meanwhile',
  ),
  save_seconds: number(
    'It saves at the latest this long after the save before; absent: only every `save_steps`',
  ).optional(),
  micro_batch_tokens: integer(
    'Tokens at a time at most, after memory ran out; absent: as many as usual',
  ).optional(),
  threads: integer('Threads of each process'),
  test: z
    .object({
      attention_dropout: number('Replaces the dropout of the model').optional(),
      step_sleep: number('Seconds to wait after each step').optional(),
    })
    .describe('For tests only; empty in the product'),
});
export type TrainSpec = z.infer<typeof trainSpec>;

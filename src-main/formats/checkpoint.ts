/** Checkpoints: `current_model/checkpoints/<branch>/step-NNNNNNNN/`, and leases on them. */
import { z } from 'zod';
import { defineFile, renamed } from './document.ts';
import {
  baseReference,
  count,
  flag,
  formatNumber,
  integer,
  lineagePoint,
  number,
  rowNumbers,
  rowOrder,
  text,
  time,
} from './fields.ts';
import { branchName, folderName, relativePath } from './names.ts';

/** Where training stands in its dataset. The position counts rows that are not excluded. */
export const checkpointCursor = renamed(
  { left_out: 'excluded_rows' },
  z.looseObject({
    dataset: folderName('Dataset id'),
    pass: folderName('Pass id'),
    content_hash: text('xxh3-128 of the dataset file'),
    excluded_rows: rowNumbers('Quarantined rows that this pass does not train').default([]),
    row_order: rowOrder,
    epoch: integer('Epoch, from 0'),
    seed: integer('Seed of the row order'),
    position: integer('Rows of the pass that are done'),
    steps_done: integer('Steps of the pass that are done'),
    complete: flag('The pass is complete'),
  }),
);
export type CheckpointCursor = z.infer<typeof checkpointCursor>;

export const fileHash = z.object({ size: count('Bytes'), xxh3_128: text('Hash') });
export const fileHashes = z.record(z.string(), fileHash);

/** What was trained on what. A version keeps it, so that its weights can be trained further. */
export const checkpointOrigin = z.object({
  base: baseReference.nullable().default(null).describe('Base model'),
  hashes: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Hashes of tokenizer, template and fixed validation set'),
  cursor: checkpointCursor.nullable().describe('Null: weights without a place in a dataset'),
});
export type CheckpointOrigin = z.infer<typeof checkpointOrigin>;

export const checkpointManifest = defineFile({
  name: 'manifest.json',
  damaged: 'The checkpoint does not exist; an older one is used',
  group: 'checkpoint',
  writer: 'trainer, or the stage worker',
  description:
    'Every file with size and hash. A checkpoint without a manifest that verifies does not exist. ' +
    '`seal` covers the names as they were written, so it is verified before old names are mapped',
  schema: checkpointOrigin.extend({
    format: formatNumber,
    step: integer('Step of the branch'),
    branch: branchName('Branch name'),
    parent_step: integer('Step of the checkpoint before it').nullable().default(null),
    parent: lineagePoint
      .nullable()
      .default(null)
      .describe('First checkpoint of a restored branch: the restored point'),
    created: time('When it was written'),
    program: text('`nightshift`').default('nightshift'),
    files: z
      .record(relativePath, z.object({ size: count('Bytes'), xxh3_128: text('Hash').default('') }))
      .describe('Files by path inside the checkpoint'),
    seal: text('xxh3-128 over the manifest without this field').default(''),
  }),
});
export type CheckpointManifest = z.infer<typeof checkpointManifest.schema>;

export const trainerStateFile = defineFile({
  name: 'state.json',
  damaged: 'The checkpoint is skipped, an older one is used',
  group: 'checkpoint',
  writer: 'trainer, or the stage worker',
  description: 'State of the trainer that is no tensor; random states are in `state.safetensors`',
  schema: z.object({
    format: formatNumber,
    smoothing: z
      .array(z.number())
      .length(2)
      .describe('Moving average of the training loss and its weight'),
    monitoring_seconds: number('Time spent on evaluations and previews'),
    elapsed_seconds: number('Time of the pass without pauses').default(0),
    steps_done: integer('Steps of the pass that are done'),
    warmup_from: integer('Step that the warmup counts from').default(0),
    warmup_steps: integer('Length of that warmup').optional(),
  }),
});

export const checkpointLeases = defineFile({
  name: 'held.json',
  damaged: 'Nothing is leased',
  group: 'lineage',
  writer: 'engine',
  description:
    'Checkpoints that a restore is planned to: the trainer keeps them until the lease ends',
  schema: z.object({
    format: formatNumber,
    held: z
      .array(lineagePoint.extend({ until: time('End of the lease') }))
      .describe('Leased checkpoints'),
  }),
});
export type CheckpointLeases = z.infer<typeof checkpointLeases.schema>;

export const checkpointName = (step: number): string => `step-${String(step).padStart(8, '0')}`;

/** Null when the name is not that of a published checkpoint. */
export function checkpointStep(name: string): number | null {
  const digits = /^step-(\d+)$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

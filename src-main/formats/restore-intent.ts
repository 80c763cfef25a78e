/**
 * `current_model/restore.json`: what a restore is about to do. A start that finds it undoes or
 * finishes it.
 */
import { z } from 'zod';
import { defineFile, renamed, renamedValue, renameFields } from './document.ts';
import {
  choice,
  count,
  formatNumber,
  integer,
  lineagePoint,
  rowNumbers,
  rowOrder,
  text,
  time,
} from './fields.ts';
import { folderName } from './names.ts';

export const RESTORE_PHASES = [
  'pause',
  'verify',
  'back_up',
  'stage',
  'switch',
  'continue',
] as const;

/** Decided before the switch, so that another process can carry it out. */
const aftermath = z.object({
  goesOn: folderName('Open pass that continues; null: none').nullable(),
  accounts: z
    .array(
      z.object({
        id: folderName('Dataset id'),
        steps: count('Steps that the model still has'),
        missing: text('What is missing; null: nothing').nullable(),
        place: z
          .object({
            position: integer('Rows of the pass that are done'),
            epoch: integer('Epoch, from 0'),
            step: integer('Step of the branch'),
          })
          .nullable()
          .optional()
          .describe('Where its part in the model ends; null: none of it is there'),
      }),
    )
    .describe('Datasets whose part in the model changes'),
  cursor: z
    .object({
      dataset: folderName('Dataset id'),
      at: renamed(
        { left_out: 'excluded_rows' },
        z.object({
          format: formatNumber,
          position: integer('Rows of the pass that are done'),
          epoch: integer('Epoch, from 0'),
          seed: integer('Seed of the row order'),
          content_hash: text('xxh3-128 of the dataset file'),
          excluded_rows: rowNumbers('Rows that the position does not count').default([]),
          row_order: rowOrder,
          step: integer('Step of the branch'),
        }),
      ).describe('Cursor to write'),
    })
    .nullable()
    .describe('A closed pass that the restored point lies inside'),
  queueAgain: z.array(folderName('Dataset id')).describe('Datasets to queue again, in this order'),
  hold: z
    .array(folderName('Dataset id'))
    .optional()
    .describe('Datasets that wait in the queue, held'),
  skip: z.array(folderName('Dataset id')).optional().describe('Datasets to skip'),
});
export type Aftermath = z.infer<typeof aftermath>;

export const restoreIntent = defineFile({
  name: 'restore.json',
  damaged: 'The restore is undone: the model is what `lineage.json` says',
  group: 'lineage',
  writer: 'engine',
  description: 'The restore under way; removed when it is done',
  upgrade: (value) => renameFields(value, { act: 'phase', moments: 'optimizer_state' }),
  schema: z.object({
    format: formatNumber,
    id: text('Restore id'),
    title: text('What is restored, for people'),
    by: text('Who asked for it'),
    started: time('When it began'),
    phase: choice(RESTORE_PHASES, 'Phase that began last'),
    branch: z
      .string()
      .regex(/^branch-\d+$/)
      .describe('The branch that is opened'),
    from: lineagePoint.describe('Where the model was'),
    to: lineagePoint.describe('The restored point'),
    optimizer_state: renamedValue({ kept: 'restored' }, z.enum(['restored', 'fresh'])).describe(
      '`fresh`: not saved for this step, so it restarts with a new warmup',
    ),
    backup: text('Backup of the model before; null: none yet').nullable(),
    settings: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Settings that follow the model, by key'),
    aftermath: aftermath.describe('What follows for the datasets'),
  }),
});
export type RestoreIntent = z.infer<typeof restoreIntent.schema>;

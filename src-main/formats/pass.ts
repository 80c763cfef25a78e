/** One pass over a dataset: `pass.json`, `cursor.json` and `estimate.json` of its folder. */
import { z } from 'zod';
import { configSchema, keptEstimate } from '../contract/index.ts';
import { defineFile, renameFields } from './document.ts';
import {
  choice,
  count,
  formatNumber,
  integer,
  rowNumbers,
  rowOrder,
  text,
  time,
  workspaceBase,
} from './fields.ts';
import { folderName } from './names.ts';

const OLD_NAMES = { left_out: 'excluded_rows' };
export const PASS_STATES = ['open', 'completed', 'failed', 'skipped', 'left', 'again'] as const;

export const passFile = defineFile({
  name: 'pass.json',
  damaged: 'Last good copy, else the dataset begins a new pass',
  group: 'dataset',
  writer: 'engine',
  description: 'The pass and its frozen configuration, written before its first run',
  upgrade: (value) => renameFields(value, OLD_NAMES),
  schema: z.object({
    format: formatNumber,
    pass: folderName('Pass id'),
    dataset: folderName('Dataset id'),
    config: configSchema.describe('Frozen configuration'),
    planned_steps: count('Steps of the pass'),
    steps_before: count('Steps before `start`, when a skipped dataset is continued').default(0),
    content_hash: text('xxh3-128 of the dataset file'),
    cache: folderName('Key of the token cache'),
    base: workspaceBase,
    head_step: integer('Step of the branch when the pass began; null: a new lineage').nullable(),
    start: z.object({ position: integer('Row'), epoch: integer('Epoch') }).describe('First row'),
    excluded_rows: rowNumbers(
      'Quarantined rows that this pass does not train, ascending; positions and steps do not count them',
    ).default([]),
    row_order: rowOrder,
    started: time('When it began'),
    state: choice(
      PASS_STATES,
      '`left`: a restore went back before it; `again`: rows were quarantined, and the dataset waits ' +
        'for a pass without them',
    ),
    reason: text('Why it ended').nullable().default(null),
  }),
});
export type PassFile = z.infer<typeof passFile.schema>;

export const cursorFile = defineFile({
  name: 'cursor.json',
  damaged: 'The dataset starts at its first row: a row that is trained twice is counted',
  group: 'dataset',
  writer: 'trainer, when a dataset is skipped',
  description:
    'Where a skipped dataset continues; valid for the same content, cache, seed and excluded rows',
  upgrade: (value) => renameFields(value, OLD_NAMES),
  schema: z.object({
    format: formatNumber,
    position: integer('Rows of the pass that are done'),
    epoch: integer('Epoch, from 0'),
    seed: integer('Seed of the row order'),
    content_hash: text('xxh3-128 of the dataset file'),
    cache: text('Key of the token cache').optional(),
    excluded_rows: rowNumbers('Rows that the position does not count').default([]),
    row_order: rowOrder,
    pass: text('The pass that was skipped').optional(),
    step: integer('Step of the branch'),
  }),
});
export type Cursor = z.infer<typeof cursorFile.schema>;

export const estimateFile = defineFile({
  name: 'estimate.json',
  damaged: 'Nothing is compared',
  group: 'dataset',
  writer: 'engine',
  description: 'What the pass was expected to take, and what it took',
  schema: keptEstimate,
});

/** What intake found in a dataset: its report, and the rows that are not trained, or not whole. */
import { z } from 'zod';
import { datasetReport, decisionKind } from '../contract/index.ts';
import { defineFile, defineLines, renamed, renamedValue } from './document.ts';
import { count, flag, formatNumber, integer, number, rowNumbers, text } from './fields.ts';

export const REJECTION_REASONS = [
  'not_json',
  'not_an_object',
  'not_utf8',
  'line_too_long',
  'no_answer',
  'empty_answer',
  'unknown_columns',
  'role_not_rendered',
  'mixed_format',
  'over_length',
  'answer_lost',
  'template_error',
  'empty_text',
  'wrong_type',
  'not_for_training',
  'unsupported_weight',
  'not_text',
  'field_twice',
  'unreadable',
] as const;

export const datasetVerdict = renamedValue(
  { decide: 'needs_decision' },
  z.enum(['ready', 'needs_decision', 'refused']),
);
export const datasetDecision = renamedValue(
  { accept_good_rows: 'accept_valid_rows' },
  decisionKind,
);

const sample = renamed(
  { pieces: 'spans' },
  z.object({
    row: integer('Row'),
    spans: z
      .array(z.object({ text: text('Text'), trained: flag('Counts toward the loss') }))
      .describe('The rendered row, cut where training begins and ends'),
  }),
);
const nearDuplicate = renamed(
  { share: 'similarity' },
  z.object({
    row: integer('Row'),
    of: integer('Earlier row'),
    similarity: number('Estimated by MinHash, as a fraction'),
  }),
);

export const reportFile = defineFile({
  name: 'report.json',
  damaged: 'No report is shown; a waiting file is validated again',
  group: 'dataset',
  writer: 'intake worker',
  description: 'The dataset report',
  schema: datasetReport.extend({
    format: formatNumber,
    verdict: datasetVerdict,
    decision: datasetDecision.nullable(),
    near_duplicates: z
      .object({
        rows: count('Rows that are nearly the same as an earlier one'),
        compared: count('Rows that were long enough to compare'),
        first: z.array(nearDuplicate),
      })
      .nullable()
      .default(null),
    samples: z.array(sample),
  }),
});
export type ReportFile = z.infer<typeof reportFile.schema>;

export const splitFile = defineFile({
  name: 'split.json',
  damaged: 'Validation rows are shown as not trained; a waiting file is validated again',
  group: 'dataset',
  writer: 'intake worker',
  description: 'Rows that are not trained, or not whole',
  schema: z.object({
    format: formatNumber,
    core: rowNumbers('Rows of the fixed validation set').default([]),
    slice: rowNumbers('Validation rows of this dataset').default([]),
    held_out_duplicates: rowNumbers('Duplicates of validation rows').default([]),
    truncated: rowNumbers('Rows that were cut at `max_length`').default([]),
  }),
});

export const rejectedFile = defineLines({
  name: 'rejected.jsonl',
  damaged: 'The line is skipped',
  group: 'dataset',
  writer: 'intake worker',
  description: 'One line per rejected row',
  schema: z.object({
    row: integer('Row'),
    // Not the enum: a reason that is not known yet must not hide the row.
    reason: text('Reason, of the list below'),
    message: text('One sentence').default(''),
    text: text('First 500 characters of the row').default(''),
  }),
});

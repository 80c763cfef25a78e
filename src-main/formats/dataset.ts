/** `meta.json` of a dataset, `data/datasets/<id>/`: what the engine knows of it. */
import { z } from 'zod';
import { columnMapping, place, priority, textEncoding } from '../contract/index.ts';
import { datasetDecision, datasetVerdict, type ReportFile, reportFile } from './dataset-report.ts';
import { defineFile, isObject, renameFields } from './document.ts';
import { count, flag, formatNumber, integer, number, rowNumbers, text, time } from './fields.ts';
import { fileName, folderName } from './names.ts';

const validated = z.object({
  key: text('Settings that decided it; a different key means that the file is validated again'),
  verdict: datasetVerdict.describe('Verdict'),
  decision: datasetDecision.nullable().describe('What the user has to decide'),
  message: text('One sentence').nullable(),
  rows: count('Rows of the file'),
  accepted: count('Rows that can be trained'),
  rejected: count('Rows that cannot'),
  held_out: count('Validation rows and their duplicates'),
  trained_rows: count('Rows that are trained'),
  planned_steps: count('Steps of a pass'),
  content_hash: text('xxh3-128 of the dataset file'),
  cache: folderName('Key of the token cache').nullable(),
  rows_hash: text('Hash of the accepted rows in any order').nullable().default(null),
  fields: z.array(z.string()).describe('Fields of its records').default([]),
  warnings: z.array(z.string()).describe('What lists say of it').default([]),
  t: time('When it was validated'),
});
export type Validated = z.infer<typeof validated>;

const validationSteps = {
  validation_before_step: integer('Step that `validation_before` was measured at')
    .nullable()
    .optional(),
  validation_after_step: integer('Step that `validation_after` was measured at')
    .nullable()
    .optional(),
};

/** Fields of meta.json while a dataset is not evaluated. */
export const UNMEASURED = {
  validation_before: null,
  validation_before_step: null,
  validation_after: null,
  validation_after_step: null,
} as const;

export const metaFile = defineFile({
  name: 'meta.json',
  damaged: 'Last good copy, else rebuilt from the queue folders and `report.json`',
  group: 'dataset',
  writer: 'engine',
  description: 'Identity, name, position and history. Where the data file lies is the truth',
  upgrade: (value) =>
    renameFields(value, { accept_good_rows: 'accept_valid_rows', judged: 'validated' }),
  schema: z.object({
    format: formatNumber,
    id: folderName('Dataset id'),
    name: fileName('Name of the data file, unique over all folders'),
    source: text('Where it came from'),
    added: time('When it was added'),
    priority: priority.describe('Queue folder'),
    position: number('Order inside its priority'),
    held: flag('Held by the user'),
    mapping: columnMapping.nullable().describe('Roles of columns'),
    encoding: textEncoding.nullable().default(null).describe('Chosen encoding; null: UTF-8'),
    accept_valid_rows: flag('The user accepted to train without the rejected rows'),
    accept_unused_fields: flag('The user accepted to train without the unused fields').default(
      false,
    ),
    thinking: z
      .enum(['off', 'keep'])
      .nullable()
      .default(null)
      .describe('What the user decided about think blocks'),
    train_again: flag('The user accepted to train rows that were trained before').default(false),
    decided: time('When the user decided about columns or think blocks').nullable().default(null),
    decided_as: text('Dataset whose decisions were used').nullable().default(null),
    place_hint: place.describe('Folder at the last change; tells two files of one name apart'),
    complete: flag('The copy is complete'),
    seen: z
      .object({ bytes: count('Size'), mtime_ms: number('Modification time'), sha256: text('Hash') })
      .nullable()
      .describe('The data file when it was validated'),
    validated: validated.nullable().describe('The last verdict'),
    reason: text('Why it failed or was skipped').nullable(),
    finished: time('When it ended').nullable(),
    done_steps: integer('Steps that are trained').nullable(),
    planned_steps: integer('Steps of its last pass with those before it; null: not recorded')
      .nullable()
      .optional(),
    resumes_at: count('Position of `cursor.json`; null: it starts at its first row')
      .nullable()
      .optional(),
    validation_before: number('Validation loss before its first step').nullable(),
    validation_after: number(
      'Validation loss after its last step; null: not evaluated yet',
    ).nullable(),
    ...validationSteps,
    quarantined: rowNumbers('Rows that ended the trainer'),
    history: z.array(z.object({ t: time('When'), what: text('What') })).describe('Last changes'),
  }),
});
export type DatasetMeta = z.infer<typeof metaFile.schema>;

/** Fields of meta.json before a dataset is validated or trained. */
export const untrainedMeta = () => ({
  held: false,
  mapping: null,
  accept_valid_rows: false,
  accept_unused_fields: false,
  thinking: null,
  train_again: false,
  decided: null,
  decided_as: null,
  encoding: null,
  seen: null,
  validated: null,
  reason: null,
  finished: null,
  done_steps: null,
  planned_steps: null,
  resumes_at: null,
  ...UNMEASURED,
  quarantined: [],
});

/**
 * A meta.json that was lost, from what other files say: the name from the spec of a run of this
 * dataset, the folder from where the data file of that name lies, the numbers from report.json.
 * The empty key makes a waiting file be validated again. Pure.
 */
export function rebuildMeta(facts: {
  readonly id: string;
  readonly name: string;
  readonly place: DatasetMeta['place_hint'];
  readonly priority: DatasetMeta['priority'] | null;
  readonly position: number;
  readonly t: number;
  readonly report: unknown;
}): DatasetMeta {
  const report = isObject(facts.report) ? reportFile.parse(facts.report) : null;
  return {
    format: 1,
    id: facts.id,
    name: facts.name,
    source: 'rebuilt from the folder',
    added: facts.t,
    priority: facts.priority ?? 'normal',
    position: facts.position,
    ...untrainedMeta(),
    place_hint: facts.place,
    complete: true,
    validated: report?.ok === true ? validatedBy(report.value, '', facts.t) : null,
    history: [{ t: facts.t, what: 'meta.json was rebuilt' }],
  };
}

/** What meta.json keeps of a report. */
export function validatedBy(report: ReportFile, key: string, t: number): Validated {
  const { held_out, rejected, verdict, decision, message, rows, accepted } = report;
  const { trained_rows, planned_steps, content_hash, cache } = report;
  const { rows_hash, fields, warnings } = report;
  return {
    ...{ key, verdict, decision, message, rows, accepted, trained_rows, planned_steps },
    ...{ content_hash, cache, rows_hash, fields, warnings, t },
    rejected: rejected.total,
    held_out: held_out.core + held_out.slice + held_out.duplicates,
  };
}

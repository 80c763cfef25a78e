/** What clients do with datasets: list, inspect, add, upload, map columns, validate without adding. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type ColumnMapping,
  type DatasetDetails,
  type DatasetReport,
  type DatasetSummary,
  type EvaluationAnswers,
  type EvaluationSummary,
  type EvaluationTable,
  type MappingPreview,
  type Priority,
  type TextEncoding,
  Refusal,
  summaryOf,
  tableOf,
} from '../../contract/index.ts';
import { readAnswers } from '../../formats/index.ts';
import { acceptanceOf, type ThinkBlocks } from './decisions.ts';
import type { DatasetParts } from './parts.ts';
import { findDataFiles } from './inbox.ts';
import { dryValidate, NO_DECISIONS } from './intake.ts';
import { requireColumns } from './mapping-check.ts';
import { previewMapping } from './mapping-preview.ts';
import { readReport } from './report-files.ts';
import type { RowsInput } from './row-queries.ts';
import type { Uploads } from './uploads.ts';

export interface EvaluationInput {
  readonly id: string;
  readonly step: number;
  readonly branch?: string | undefined;
  readonly when?: EvaluationSummary['when'] | undefined;
}

export function clientDatasets(parts: DatasetParts) {
  const { options, store, ingest, uploads, validation, rows, list } = parts;
  const afterChange = (): void => {
    parts.changed();
    parts.validateNext();
  };
  const summary = (id: string): DatasetSummary => list.summary(list.require(id));
  return {
    list: () => list.all(),
    summary,
    /** Name and data file of each dataset, by id. */
    files: (): ReadonlyMap<string, { readonly name: string; readonly path: string }> =>
      new Map(
        store.all().map(({ meta, file }) => [meta.id, { name: meta.name, path: file }] as const),
      ),
    validating() {
      const current = validation.current();
      const record = current === null ? null : store.find(current.id);
      return current === null || record === null ? null : { ...current, name: record.meta.name };
    },
    async get(id: string): Promise<DatasetDetails> {
      const record = list.require(id);
      return {
        summary: list.summary(record),
        report: record.meta.validated === null ? null : await readReport(options.paths.dataset(id)),
        account: await rows.account(record),
        mapping: record.meta.mapping,
        decided_as: record.meta.decided_as,
        encoding: record.meta.encoding,
        estimate: null,
      };
    },
    /** Rows in file order; `from`: how many to skip. Refusals NOT_FOUND, NOT_READY. */
    rows: (input: RowsInput & { readonly id: string }) => rows.rows(list.require(input.id), input),
    /** Refusals NOT_FOUND, NOT_READY. */
    row: (input: { readonly id: string; readonly row: number }) =>
      rows.row(list.require(input.id), input.row),
    /** What the evaluations of a dataset generated, oldest first. Refusal NOT_FOUND. */
    async answers(id: string): Promise<readonly EvaluationAnswers[]> {
      return readAnswers(options.paths.dataset(list.require(id).meta.id));
    },
    /** Those that generated answers, newest first. Refusal NOT_FOUND. */
    async evaluations(id: string): Promise<EvaluationSummary[]> {
      const { meta } = list.require(id);
      const evaluations = await readAnswers(options.paths.dataset(meta.id));
      return evaluations
        .map((evaluation) => summaryOf(evaluation, { id: meta.id, name: meta.name }))
        .reverse();
    },
    /** The newest one with this step. Refusal NOT_FOUND. */
    async evaluation({ id, step, branch, when }: EvaluationInput): Promise<EvaluationTable> {
      const { meta } = list.require(id);
      const found = (await readAnswers(options.paths.dataset(meta.id))).findLast(
        (evaluation) =>
          evaluation.step === step &&
          (branch ?? evaluation.branch) === evaluation.branch &&
          (when ?? evaluation.when) === evaluation.when,
      );
      if (found === undefined)
        throw new Refusal(
          'NOT_FOUND',
          `No answers of ${meta.name} were generated at step ${String(step)}.`,
          { next: `To list its evaluations: nightshift queue evaluations ${meta.id}` },
        );
      return tableOf(found, { id: meta.id, name: meta.name });
    },
    async add(paths: readonly string[], priority: Priority) {
      const answer = await ingest.copy(paths, priority, (record) => list.summary(record));
      afterChange();
      return answer;
    },
    /** Copies one file under another name. */
    async addAs(file: string, name: string, priority: Priority, source: string): Promise<void> {
      await ingest.copyFile(file, (await stat(file)).size, priority, { name, source });
      afterChange();
    },
    begin: (input: Parameters<Uploads['begin']>[0]) => uploads.begin(input),
    append: (upload: string, offset: number, chunk: Blob) => uploads.append(upload, offset, chunk),
    async finish(upload: string, sha256: string): Promise<DatasetSummary> {
      const record = await uploads.finish(upload, sha256, (file, { name, priority }) =>
        ingest.moveIn(file, { id: parts.newId(), name, priority, source: 'upload' }),
      );
      afterChange();
      return list.summary(record);
    },
    cancel: (upload: string) => uploads.cancel(upload),
    async mapColumns(id: string, mapping: ColumnMapping): Promise<DatasetSummary> {
      list.requireQueued(id);
      requireColumns(mapping, (await readReport(options.paths.dataset(id)))?.fields ?? []);
      await store.update(id, { mapping, decided: options.clock.now(), decided_as: null });
      afterChange();
      return summary(id);
    },
    async setEncoding(id: string, encoding: TextEncoding | null): Promise<DatasetSummary> {
      list.requireQueued(id);
      await store.update(id, { encoding });
      afterChange();
      return summary(id);
    },
    previewMapping: (id: string, mapping: ColumnMapping): Promise<MappingPreview> =>
      previewMapping(parts, list.require(id), mapping),
    /** Refusals NOT_FOUND, NOT_READY, INVALID. */
    async acceptValidRows(id: string, thinkBlocks: ThinkBlocks | null): Promise<DatasetSummary> {
      const { meta } = list.requireQueued(id);
      const report = await readReport(options.paths.dataset(id));
      const changes = acceptanceOf(meta, {
        thinkBlocks,
        hasNeededFields: report?.unused_fields.some((field) => field.needed > 0) ?? false,
        guess: report?.mapping_guess ?? null,
        now: options.clock.now(),
      });
      await store.update(id, changes);
      afterChange();
      return summary(id);
    },
    validate: (file: string): Promise<DatasetReport> => validateWithoutAdding(parts, file),
  };
}

/** Refusals NOT_READY (no base model, or validation failed), INVALID (not one data file). */
async function validateWithoutAdding(parts: DatasetParts, file: string): Promise<DatasetReport> {
  const { options, validation } = parts;
  const base = options.base();
  if (base === null)
    throw new Refusal('NOT_READY', 'No base model is selected. Validation needs its tokenizer.', {
      next: 'Choose a base model first.',
    });
  const { files, refused } = await findDataFiles(file);
  const [dataFile] = files;
  if (dataFile === undefined || files.length > 1)
    throw new Refusal(
      'INVALID',
      refused[0]?.message ?? `${file} contains more than one data file.`,
      {
        subject: file,
      },
    );
  const name = path.basename(dataFile.file);
  if (dataFile.bytes === 0) throw new Refusal('INVALID', `${name} is empty.`);
  const id = `.validate-${options.random()}`;
  const result = await validation.exclusive(() =>
    dryValidate(options.trainer, options.clock, {
      id,
      folder: options.paths.dataset(id),
      name,
      file: dataFile.file,
      meta: NO_DECISIONS,
      config: options.config.values(),
      base,
    }),
  );
  if (result.kind === 'validated') return result.report;
  const message = result.kind === 'changed' ? `${file} changed during validation.` : result.message;
  throw new Refusal('NOT_READY', message, { subject: file });
}

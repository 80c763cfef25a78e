/** The first rows of a file with a mapping that the user is still editing, rendered as they would be trained. */
import { mkdir } from 'node:fs/promises';
import { type ColumnMapping, type MappingPreview, Refusal } from '../../contract/index.ts';
import type { DatasetRecord } from './dataset-records.ts';
import { intakeOptions } from './intake.ts';
import { requireColumns } from './mapping-check.ts';
import type { DatasetParts } from './parts.ts';
import { readReport } from './report-files.ts';
import { removeInside } from '../../kit/confined.ts';

/** More than are shown, because some of the first rows may be rejected. */
const PREVIEW_ROWS = 20;
const MAX_REJECTED = 3;

/**
 * Runs intake on the beginning of the file, in a temporary folder. Refusals NOT_READY (no base model, or it
 * can't be read), INVALID (no such column).
 */
export async function previewMapping(
  parts: DatasetParts,
  record: DatasetRecord,
  mapping: ColumnMapping,
): Promise<MappingPreview> {
  const { options } = parts;
  const { meta, file } = record;
  const base = options.base();
  if (base === null) throw new Refusal('NOT_READY', 'No base model is selected.');
  requireColumns(mapping, (await readReport(options.paths.dataset(meta.id)))?.fields ?? []);
  const folder = options.paths.dataset(`.preview-${options.random()}`);
  await mkdir(folder);
  try {
    const result = await options.trainer.work('intake', {
      dataset: { id: meta.id, folder, name: meta.name, path: file },
      base: { folder: base.folder },
      options: {
        ...intakeOptions(options.config.values(), { ...meta, mapping }, true),
        max_rows: PREVIEW_ROWS,
      },
    });
    const report = result.ok ? await readReport(folder) : null;
    if (report === null)
      throw new Refusal('NOT_READY', result.ok ? 'The preview failed.' : result.message, {
        subject: meta.id,
      });
    return {
      samples: report.samples,
      rejected: report.rejected.first.slice(0, MAX_REJECTED),
    };
  } finally {
    await removeInside(options.paths.datasets, folder);
  }
}

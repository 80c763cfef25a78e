/** Where a pass starts in its dataset, and how many steps lie before that. Pure. */
import type { Config } from '../../contract/index.ts';
import type { Cursor } from '../../formats/index.ts';

/**
 * The cursor counts only for the same content, the same trained rows and the same order. Otherwise
 * the pass starts at its first row: a row that is trained twice is counted, a skipped one is lost.
 */
export function decideStart(
  cursor: Cursor | null,
  current: {
    readonly contentHash: string;
    readonly cache: string;
    readonly excludedRows: readonly number[];
  },
  config: Config,
): { readonly position: number; readonly epoch: number } {
  const isSame =
    cursor?.content_hash === current.contentHash &&
    (cursor.cache === undefined || cursor.cache === current.cache) &&
    cursor.excluded_rows.join() === current.excludedRows.join() &&
    cursor.seed === config.seed;
  return isSame ? { position: cursor.position, epoch: cursor.epoch } : { position: 0, epoch: 0 };
}

/**
 * Steps before a position, which counts rows over all epochs. The last step of an epoch may be
 * short.
 */
export function stepsBefore(
  position: number,
  trainedRows: number,
  config: { readonly batch_size: number; readonly gradient_accumulation: number },
): number {
  const batch = config.batch_size * config.gradient_accumulation;
  const epochs = Math.floor(position / trainedRows);
  const rowsOfEpoch = position - epochs * trainedRows;
  return epochs * Math.ceil(trainedRows / batch) + Math.ceil(rowsOfEpoch / batch);
}

/** Where a pass starts in its dataset, and how many steps lie before that. Pure. */
import type { Config } from '../../contract/index.ts';
import type { Cursor, RowOrder } from '../../formats/index.ts';

export interface CurrentRows {
  readonly contentHash: string;
  readonly cache: string;
  readonly excludedRows: readonly number[];
  /** Rows to train, the excluded ones among them. */
  readonly rows: number;
}

export interface PassStart {
  readonly position: number;
  readonly epoch: number;
  readonly rowOrder: NonNullable<RowOrder>;
}

const AT_THE_FIRST_ROW: PassStart = { position: 0, epoch: 0, rowOrder: 'all' };

/** Rows that were quarantined after the cursor was written. */
export const quarantinedSince = (
  cursor: Pick<Cursor, 'excluded_rows'>,
  { excludedRows }: Pick<CurrentRows, 'excludedRows'>,
): readonly number[] => excludedRows.filter((row) => !cursor.excluded_rows.includes(row));

/** Rows of the cursor's epoch that are done. */
export const doneInEpoch = (
  { position, excluded_rows }: Pick<Cursor, 'position' | 'excluded_rows'>,
  { rows }: Pick<CurrentRows, 'rows'>,
): number => position % Math.max(1, rows - excluded_rows.length);

/**
 * The cursor counts only for the same content, cache and order. Otherwise the pass starts at its
 * first row: a row that is trained twice is counted, a skipped one is lost. `trained`: the rows of
 * the cursor's epoch that are done; those of them that are quarantined by now are counted no longer.
 */
export function decideStart(
  cursor: Cursor | null,
  current: CurrentRows,
  config: Pick<Config, 'seed'>,
  trained: ReadonlySet<number> = new Set(),
): PassStart {
  const isSame =
    cursor?.content_hash === current.contentHash &&
    (cursor.cache === undefined || cursor.cache === current.cache) &&
    cursor.seed === config.seed &&
    cursor.excluded_rows.every((row) => current.excludedRows.includes(row));
  if (!isSame) return AT_THE_FIRST_ROW;
  const rowOrder = cursor.excluded_rows.length === 0 ? 'all' : (cursor.row_order ?? 'kept');
  const since = quarantinedSince(cursor, current);
  if (since.length === 0) return { position: cursor.position, epoch: cursor.epoch, rowOrder };
  // With the kept rows alone in the order, every further excluded row makes another order.
  const before = current.rows - cursor.excluded_rows.length;
  if (rowOrder === 'kept' || before <= since.length) return AT_THE_FIRST_ROW;
  const epochs = Math.floor(cursor.position / before);
  const position =
    epochs * (before - since.length) +
    doneInEpoch(cursor, current) -
    since.filter((row) => trained.has(row)).length;
  return { position, epoch: epochs, rowOrder };
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

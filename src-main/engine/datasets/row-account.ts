/** Which state each physical row of a dataset is in, computed from the files that intake and the trainer wrote. */
import type { DatasetReport, RowAccount } from '../../contract/index.ts';
import { readRejected, readRowNumbers, readSplit } from './report-files.ts';

/** The physical rows by what intake decided, and the rows that the trainer quarantined. */
export interface RowSets {
  readonly rows: number;
  readonly heldOut: ReadonlySet<number>;
  /** Reason by row. */
  readonly rejected: ReadonlyMap<number, string>;
  readonly quarantined: ReadonlySet<number>;
  /** Rows that were cut at max_length. */
  readonly truncated: ReadonlySet<number>;
  /** As the report counts them; in an older dataset the set is empty. */
  readonly truncatedCount: number;
}

/** null while there is no report. */
export async function readRowSets(
  folder: string,
  report: DatasetReport | null,
  quarantined: readonly number[],
): Promise<RowSets | null> {
  if (report === null) return null;
  const split = await readSplit(folder);
  const rejected = new Map<number, string>();
  for await (const { row, reason } of readRejected(folder)) {
    // Rows that wait for a column mapping aren't rejected.
    if (report.decision === 'map_columns' && reason === 'unknown_columns') continue;
    rejected.set(row, reason);
  }
  return {
    rows: report.rows,
    heldOut: new Set([...split.core, ...split.slice, ...split.held_out_duplicates]),
    rejected,
    quarantined: new Set(quarantined),
    truncated: new Set(split.truncated),
    truncatedCount: report.truncated,
  };
}

/**
 * Counts every physical row in exactly one state: trained n times, held out, rejected, quarantined,
 * else skipped or remaining. `truncated` counts rows within trained and remaining, so it isn't part
 * of the sum.
 */
export function accountOf(
  sets: RowSets,
  trained: ReadonlyMap<number, number>,
  isSkipped: boolean,
): RowAccount {
  const byTimes: Record<string, number> = {};
  let trainedRows = 0;
  for (const times of trained.values()) {
    byTimes[String(times)] = (byTimes[String(times)] ?? 0) + 1;
    trainedRows += 1;
  }
  let quarantined = 0;
  for (const row of sets.quarantined) if (!trained.has(row)) quarantined += 1;
  const rest = sets.rows - trainedRows - sets.heldOut.size - sets.rejected.size - quarantined;
  return {
    rows: sets.rows,
    trained: byTimes,
    held_out: sets.heldOut.size,
    rejected: sets.rejected.size,
    quarantined,
    truncated: sets.truncatedCount,
    skipped: isSkipped ? rest : 0,
    remaining: isSkipped ? 0 : rest,
  };
}

export interface RowState {
  readonly row: number;
  readonly state: 'trained' | 'held_out' | 'rejected' | 'quarantined' | 'skipped' | 'remaining';
  readonly times: number;
}

export function stateOfRow(
  row: number,
  sets: RowSets,
  times: number,
  isSkipped: boolean,
): RowState {
  return { row, state: stateName(row, sets, times, isSkipped), times };
}

function stateName(
  row: number,
  sets: RowSets,
  times: number,
  isSkipped: boolean,
): RowState['state'] {
  if (times > 0) return 'trained';
  if (sets.heldOut.has(row)) return 'held_out';
  if (sets.rejected.has(row)) return 'rejected';
  if (sets.quarantined.has(row)) return 'quarantined';
  return isSkipped ? 'skipped' : 'remaining';
}

/**
 * The physical row numbers, ascending. They aren't 1..n: blank lines aren't rows, and a CSV record is
 * numbered by the line it starts on. Without intake's list the token cache knows the accepted rows and
 * the sets know the others; without a cache, 1..n is assumed.
 */
export async function physicalRows(
  folder: string,
  cached: () => Promise<Uint32Array | null>,
  sets: RowSets,
): Promise<Uint32Array> {
  const listed = await readRowNumbers(folder, sets.rows);
  if (listed !== null) return listed.sort();
  const rows = new Set<number>([...sets.heldOut, ...sets.rejected.keys()]);
  const accepted = await cached();
  if (accepted === null) for (let row = 1; row <= sets.rows; row += 1) rows.add(row);
  else for (const row of accepted) rows.add(row);
  return Uint32Array.from(rows).sort();
}

/** Which physical rows match a filter. Pure, except that long lists yield to the event loop. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { RowFilter } from '../../contract/index.ts';
import { stateOfRow, type RowSets } from './row-account.ts';

export interface RowQuery {
  readonly filter: RowFilter;
  readonly reason?: string | undefined;
  readonly times?: number | undefined;
}

interface RowFacts {
  readonly sets: RowSets;
  readonly timesOf: (row: number) => number;
  readonly isSkipped: boolean;
}

const ROWS_PER_TURN = 200_000;

function matches(row: number, query: RowQuery, facts: RowFacts): boolean {
  const { sets } = facts;
  switch (query.filter) {
    case 'all':
      return true;
    case 'accepted':
      return !sets.rejected.has(row) && !sets.heldOut.has(row);
    case 'held_out':
      return sets.heldOut.has(row);
    case 'truncated':
      return sets.truncated.has(row);
    case 'rejected':
      return (
        sets.rejected.has(row) &&
        (query.reason === undefined || sets.rejected.get(row) === query.reason)
      );
    case 'trained':
      return query.times === undefined
        ? facts.timesOf(row) > 0
        : facts.timesOf(row) === query.times;
    case 'quarantined':
    case 'remaining':
    case 'skipped':
      return stateOfRow(row, sets, facts.timesOf(row), facts.isSkipped).state === query.filter;
  }
}

export async function filterRows(
  rows: Uint32Array,
  query: RowQuery,
  facts: RowFacts,
): Promise<Uint32Array> {
  if (query.filter === 'all') return rows;
  const found = new Uint32Array(rows.length);
  let count = 0;
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] ?? 0;
    if (matches(row, query, facts)) {
      found[count] = row;
      count += 1;
    }
    if (index % ROWS_PER_TURN === ROWS_PER_TURN - 1) await yieldToEventLoop();
  }
  return found.slice(0, count);
}

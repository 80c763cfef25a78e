/** Which physical rows a filter lets through, and what one of them is. Pure, except that it pauses in long files. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { RowFilter } from '../../contract/index.ts';
import { stateOfRow, type RowSets } from './row-account.ts';

export interface RowsAsked {
  readonly filter: RowFilter;
  readonly reason?: string | undefined;
  readonly times?: number | undefined;
}

interface RowFacts {
  readonly sets: RowSets;
  readonly timesOf: (row: number) => number;
  readonly isSkipped: boolean;
}

const rowsBetweenPauses = 200_000;

function passes(row: number, asked: RowsAsked, facts: RowFacts): boolean {
  const { sets } = facts;
  switch (asked.filter) {
    case 'all':
      return true;
    case 'accepted':
      return !sets.rejected.has(row) && !sets.held.has(row);
    case 'held_out':
      return sets.held.has(row);
    case 'truncated':
      return sets.cut.has(row);
    case 'rejected':
      return (
        sets.rejected.has(row) &&
        (asked.reason === undefined || sets.rejected.get(row) === asked.reason)
      );
    case 'trained':
      return asked.times === undefined
        ? facts.timesOf(row) > 0
        : facts.timesOf(row) === asked.times;
    case 'quarantined':
    case 'remaining':
    case 'skipped':
      return stateOfRow(row, sets, facts.timesOf(row), facts.isSkipped).state === asked.filter;
  }
}

export async function filtered(
  all: Uint32Array,
  asked: RowsAsked,
  facts: RowFacts,
): Promise<Uint32Array> {
  if (asked.filter === 'all') return all;
  const found = new Uint32Array(all.length);
  let count = 0;
  for (let index = 0; index < all.length; index += 1) {
    const row = all[index] ?? 0;
    if (passes(row, asked, facts)) {
      found[count] = row;
      count += 1;
    }
    if (index % rowsBetweenPauses === rowsBetweenPauses - 1) await breathe();
  }
  return found.slice(0, count);
}

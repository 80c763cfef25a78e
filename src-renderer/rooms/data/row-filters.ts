/** The filters of the list of rows. Pure. */
import type { DatasetReport, RowAccount, RowFilter } from '../../../src-main/contract/index.ts';
import { count } from '../../kit/format.ts';
import type { RowQuery } from './row-list.tsx';
import { reasonWord } from './samples.tsx';

export interface FilterChoice {
  readonly value: string;
  readonly label: string;
  readonly query: RowQuery;
}

/** The filters that match at least one row, with their counts. Pure. */
export function filtersOf(
  account: RowAccount,
  report: DatasetReport | null,
): readonly FilterChoice[] {
  const choice = (filter: RowFilter, name: string, rows: number): readonly FilterChoice[] =>
    rows === 0 ? [] : [{ value: filter, label: `${name}, ${count(rows)}`, query: { filter } }];
  const trained = Object.entries(account.trained)
    .map(([times, rows]) => ({ times: Number(times), rows }))
    .sort((a, b) => a.times - b.times);
  const reasons = Object.entries(report?.rejected.by_reason ?? {}).filter(
    ([reason]) => report?.decision !== 'map_columns' || reason !== 'unknown_columns',
  );
  return [
    { value: 'all', label: `All rows, ${count(account.rows)}`, query: { filter: 'all' } },
    ...choice(
      'accepted',
      'Accepted for training',
      account.rows - account.held_out - account.rejected,
    ),
    ...trained.map(({ times, rows }): FilterChoice => ({
      value: `trained ${String(times)}`,
      label: `Trained ${times === 1 ? 'once' : `${count(times)} times`}, ${count(rows)}`,
      query: { filter: 'trained', times },
    })),
    ...choice('remaining', 'Queued', account.remaining),
    ...choice('held_out', 'Held out', account.held_out),
    ...choice('truncated', 'Truncated', account.truncated),
    ...choice('quarantined', 'Quarantined', account.quarantined),
    ...choice('skipped', 'Skipped', account.skipped),
    ...choice('rejected', 'Rejected', account.rejected),
    ...(account.rejected === 0
      ? []
      : reasons.map(([reason, rows]): FilterChoice => ({
          value: `rejected ${reason}`,
          label: `Rejected: ${reasonWord(reason).toLowerCase()}, ${count(rows)}`,
          query: { filter: 'rejected', reason },
        }))),
  ];
}

/** Every row of a file by outcome, as a bar with a legend. */
import type { ReactElement } from 'react';
import type { DatasetReport, RowAccount } from '../../../src-main/contract/index.ts';
import { count } from '../../kit/format.ts';

export interface Part {
  readonly name: string;
  readonly rows: number;
  readonly look: 'n1' | 'n2' | 'n3' | 'n4' | 'n5' | 'fail' | 'wh' | 'acc';
}

/** The states of all rows in a fixed order, without empty ones. */
export function partsOf(account: RowAccount): readonly Part[] {
  const trained = Object.entries(account.trained)
    .map(([times, rows]) => ({ times: Number(times), rows }))
    .sort((a, b) => b.times - a.times);
  const all: readonly Part[] = [
    ...trained.map(({ times, rows }): Part => ({
      name: times === 1 ? 'trained' : `trained ${String(times)} times`,
      rows,
      look: 'acc',
    })),
    { name: 'queued', rows: account.remaining, look: 'n3' },
    { name: 'held out for validation', rows: account.held_out, look: 'n1' },
    { name: 'rejected', rows: account.rejected, look: 'fail' },
    { name: 'quarantined', rows: account.quarantined, look: 'fail' },
    { name: 'truncated', rows: account.truncated, look: 'wh' },
    { name: 'skipped', rows: account.skipped, look: 'n5' },
  ];
  return all.filter((part) => part.rows > 0);
}

/** The rows before training, by what will happen to them. */
export function reportParts(report: DatasetReport): readonly Part[] {
  const held = report.held_out.core + report.held_out.slice + report.held_out.duplicates;
  const all: readonly Part[] = [
    { name: 'to train', rows: report.trained_rows, look: 'n3' },
    { name: 'held out for validation', rows: held, look: 'n1' },
    { name: 'rejected', rows: report.rejected.total, look: 'fail' },
  ];
  return all.filter((part) => part.rows > 0);
}

export function Parts({
  parts,
  label,
}: {
  readonly parts: readonly Part[];
  readonly label: string;
}): ReactElement {
  return (
    <>
      <div className="abar" role="img" aria-label={label}>
        {parts.map((part) => (
          <i key={part.name} className={part.look} style={{ flex: `${String(part.rows)} 0 3px` }} />
        ))}
      </div>
      <div className="alegend num">
        {parts.map((part) => (
          <span key={part.name}>
            <i className={part.look} aria-hidden="true" />
            <b>{count(part.rows)}</b> {part.name}
          </span>
        ))}
      </div>
    </>
  );
}

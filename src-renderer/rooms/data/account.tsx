/** Every row of a file by outcome, as a bar with a legend. */
import type { ReactElement } from 'react';
import type { DatasetReport, RowAccount } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import textStyles from '../../kit/styles/text.module.css';
import styles from './report.module.css';

export interface Part {
  readonly name: string;
  readonly rows: number;
  /** Class of the color. */
  readonly color: 'trained' | 'queued' | 'heldOut' | 'rejected' | 'truncated' | 'skipped';
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
      color: 'trained',
    })),
    { name: 'queued', rows: account.remaining, color: 'queued' },
    { name: 'held out for validation', rows: account.held_out, color: 'heldOut' },
    { name: 'rejected', rows: account.rejected, color: 'rejected' },
    { name: 'quarantined', rows: account.quarantined, color: 'rejected' },
    { name: 'truncated', rows: account.truncated, color: 'truncated' },
    { name: 'skipped', rows: account.skipped, color: 'skipped' },
  ];
  return all.filter((part) => part.rows > 0);
}

/** The rows before training, by what will happen to them. */
export function reportParts(report: DatasetReport): readonly Part[] {
  const held = report.held_out.core + report.held_out.slice + report.held_out.duplicates;
  const all: readonly Part[] = [
    { name: 'to train', rows: report.trained_rows, color: 'queued' },
    { name: 'held out for validation', rows: held, color: 'heldOut' },
    { name: 'rejected', rows: report.rejected.total, color: 'rejected' },
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
      <div className={styles.bar} role="img" aria-label={label}>
        {parts.map((part) => (
          <i
            key={part.name}
            className={styles[part.color]}
            style={{ flex: `${String(part.rows)} 0 3px` }}
          />
        ))}
      </div>
      <div className={classNames(styles.legend, textStyles.number)}>
        {parts.map((part) => (
          <span key={part.name}>
            <i className={styles[part.color]} aria-hidden="true" />
            <b>{count(part.rows)}</b> {part.name}
          </span>
        ))}
      </div>
    </>
  );
}

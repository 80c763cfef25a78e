/** Every row of a file, accounted for: a bar of parts and what each part is. */
import type { ReactElement } from 'react';
import type { RowAccount } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import textStyles from '../../kit/styles/text.module.css';

export interface Part {
  readonly name: string;
  readonly rows: number;
  readonly look: 'n1' | 'n2' | 'n3' | 'n4' | 'n5' | 'fail' | 'wh' | 'acc';
}

/** The states of all rows, in a fixed order, empty ones left out. */
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
    { name: 'remaining', rows: account.remaining, look: 'n3' },
    { name: 'held out for validation', rows: account.held_out, look: 'n1' },
    { name: 'rejected', rows: account.rejected, look: 'fail' },
    { name: 'quarantined', rows: account.quarantined, look: 'fail' },
    { name: 'truncated', rows: account.truncated, look: 'wh' },
    { name: 'skipped', rows: account.skipped, look: 'n5' },
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
      <div className={classNames('alegend', textStyles.number)}>
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

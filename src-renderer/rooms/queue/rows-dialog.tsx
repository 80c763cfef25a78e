/** The outcome of every row of one dataset, as totals and row by row. */
import { Modal } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { useAnswer } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, plural } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Parts, partsOf } from '../data/index.ts';
import styles from './queue.module.css';

const PAGE = 200;

export function RowsDialog({
  dataset,
  onClose,
}: {
  readonly dataset: DatasetSummary | null;
  readonly onClose: () => void;
}): ReactElement {
  return (
    <Modal opened={dataset !== null} onClose={onClose} title={dataset?.name ?? ''} size={640}>
      {dataset === null ? null : <Rows dataset={dataset} />}
    </Modal>
  );
}

function Rows({ dataset }: { readonly dataset: DatasetSummary }): ReactElement {
  const [from, setFrom] = useState(0);
  const { answer } = useAnswer(`${dataset.id}|${String(from)}`, (engine) =>
    engine.datasets.rows({ id: dataset.id, from: from + 1, limit: PAGE }),
  );
  if (answer === null) return <p className={textStyles.secondary}>Loading rows…</p>;
  return (
    <div className={styles.rows}>
      <p className={textStyles.secondary}>
        {plural(answer.account.rows, 'row')}, all accounted for.
      </p>
      <Parts
        parts={partsOf(answer.account)}
        label={`${count(answer.account.rows)} rows, all accounted for`}
      />
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="Rows">
        <table>
          <thead>
            <tr>
              <th className={tableStyles.numberCell}>Row</th>
              <th>State</th>
              <th className={tableStyles.numberCell}>Times trained</th>
            </tr>
          </thead>
          <tbody>
            {answer.rows.map((row) => (
              <tr key={row.row}>
                <td className={tableStyles.numberCell}>{count(row.row)}</td>
                <td>{row.state.replaceAll('_', ' ')}</td>
                <td className={tableStyles.numberCell}>{count(row.times)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className={classNames(layoutStyles.row, textStyles.caption, textStyles.number)}>
        <button
          type="button"
          className={controlStyles.linkButton}
          disabled={from === 0}
          onClick={() => {
            setFrom(Math.max(0, from - PAGE));
          }}
        >
          Earlier rows
        </button>
        <button
          type="button"
          className={controlStyles.linkButton}
          disabled={from + PAGE >= answer.total}
          onClick={() => {
            setFrom(from + PAGE);
          }}
        >
          Later rows
        </button>
        <span>
          {count(Math.min(from + 1, answer.total))} to {count(Math.min(from + PAGE, answer.total))}{' '}
          of {count(answer.total)}
        </span>
      </div>
    </div>
  );
}

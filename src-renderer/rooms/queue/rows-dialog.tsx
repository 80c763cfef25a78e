/** The account of one dataset: what became of every row, and the rows one by one. */
import { Modal } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { useAnswer } from '../../engine/index.ts';
import { count, plural } from '../../kit/format.ts';
import { Parts, partsOf } from '../data/index.ts';

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
    engine.datasets.rows({ id: dataset.id, from, limit: PAGE }),
  );
  if (answer === null) return <p className="t2">Reading the account.</p>;
  return (
    <div className="rows">
      <p className="t2">{plural(answer.account.rows, 'row')}, all accounted for.</p>
      <Parts
        parts={partsOf(answer.account)}
        label={`${count(answer.account.rows)} rows, all accounted for`}
      />
      <div className="scroll" tabIndex={0} role="region" aria-label="Rows one by one">
        <table>
          <thead>
            <tr>
              <th className="n">Row</th>
              <th>State</th>
              <th className="n">Times trained</th>
            </tr>
          </thead>
          <tbody>
            {answer.rows.map((row) => (
              <tr key={row.row}>
                <td className="n">{count(row.row)}</td>
                <td>{row.state.replaceAll('_', ' ')}</td>
                <td className="n">{count(row.times)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="row micro num">
        <button
          type="button"
          className="link"
          disabled={from === 0}
          onClick={() => {
            setFrom(Math.max(0, from - PAGE));
          }}
        >
          Earlier rows
        </button>
        <button
          type="button"
          className="link"
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

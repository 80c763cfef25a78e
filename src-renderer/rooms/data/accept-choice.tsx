/** The decision on a file with invalid rows: train on the valid ones, or fix the file. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { DatasetReport, DatasetSummary } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { count, plural } from '../../kit/format.ts';

export function AcceptChoice({
  summary,
  report,
}: {
  readonly summary: DatasetSummary;
  readonly report: DatasetReport;
}): ReactElement {
  const lost = useLost();
  const valid = report.accepted;
  return (
    <div className="choice">
      <table>
        <thead>
          <tr>
            <th>Option</th>
            <th className="n">Rows accepted</th>
            <th className="n">Rows lost</th>
            <th className="n">Steps</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td className="strong">Train on the {plural(valid, 'valid row')}</td>
            <td className="n">{count(valid)}</td>
            <td className="n">{count(report.rejected.total)}</td>
            <td className="n">{count(report.planned_steps)}</td>
          </tr>
          <tr>
            <td className="strong">Fix the file and re-upload</td>
            <td className="n">{count(report.rows)}</td>
            <td className="n">0</td>
            <td className="n t3">known after validation</td>
          </tr>
        </tbody>
      </table>
      <div className="row cact">
        <Button
          variant="filled"
          disabled={lost || valid === 0}
          onClick={() => {
            void command((engine) => engine.datasets.acceptValidRows({ id: summary.id }));
          }}
        >
          Train on the {plural(valid, 'valid row')}
        </Button>
        <RemoveButton id={summary.id} />
      </div>
    </div>
  );
}

function RemoveButton({ id }: { readonly id: string }): ReactElement {
  const lost = useLost();
  return (
    <Button
      disabled={lost}
      title="Moves the file to skipped; it is not deleted"
      onClick={() => {
        void command((engine) => engine.queue.remove({ id }));
      }}
    >
      Remove file
    </Button>
  );
}

/** The decision on a file with invalid rows: train on the valid ones, or fix the file. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { DatasetReport, DatasetSummary } from '../../../src-main/contract/index.ts';
import { command, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, plural } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './report.module.css';

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
    <div className={styles.choice}>
      <table>
        <thead>
          <tr>
            <th>Option</th>
            <th className={tableStyles.numberCell}>Rows accepted</th>
            <th className={tableStyles.numberCell}>Rows lost</th>
            <th className={tableStyles.numberCell}>Steps</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td className={textStyles.strong}>Train on the {plural(valid, 'valid row')}</td>
            <td className={tableStyles.numberCell}>{count(valid)}</td>
            <td className={tableStyles.numberCell}>
              {report.incomplete === null
                ? count(report.rejected.total)
                : `${count(report.rejected.total)} and those after the end`}
            </td>
            <td className={tableStyles.numberCell}>{count(report.planned_steps)}</td>
          </tr>
          <tr>
            <td className={textStyles.strong}>
              {report.incomplete === null
                ? 'Fix the file and re-upload'
                : 'Download the file again and re-upload'}
            </td>
            <td className={tableStyles.numberCell}>
              {report.incomplete === null ? count(report.rows) : 'all'}
            </td>
            <td className={tableStyles.numberCell}>0</td>
            <td className={classNames(tableStyles.numberCell, textStyles.tertiary)}>
              known after validation
            </td>
          </tr>
        </tbody>
      </table>
      <div className={classNames(layoutStyles.row, styles.actions)}>
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

export function RemoveButton({ id }: { readonly id: string }): ReactElement {
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

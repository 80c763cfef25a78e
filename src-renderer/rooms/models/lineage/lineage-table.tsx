/** The lineage chart as a table, for screen readers. */
import type { ReactElement } from 'react';
import { VALIDATION_FIXED } from '../../../../src-main/contract/index.ts';
import { Dialog } from '../../../kit/dialog.tsx';
import { count, loss } from '../../../kit/format.ts';
import tableStyles from '../../../kit/styles/tables.module.css';
import dialogStyles from '../dialogs.module.css';
import type { LineagePlot } from './lineage-plot.ts';

export function LineageTable({
  plot,
  onClose,
}: {
  readonly plot: LineagePlot | null;
  readonly onClose: () => void;
}): ReactElement {
  const rows = (plot?.segments ?? []).flatMap((segment) =>
    segment.points.map((point) => ({
      ...point,
      branch: segment.branch,
      isActive: segment.isActive,
    })),
  );
  return (
    <Dialog title="Lineage as a table" size={640} onClose={onClose}>
      <div className={dialogStyles.plan} tabIndex={0} role="region" aria-label="Lineage as a table">
        <table aria-label="Saved points">
          <Columns first="Saved point" />
          <tbody>
            {[...(plot?.marks ?? [])].reverse().map((mark) => (
              <tr key={mark.key}>
                <td>{mark.kind === 'checkpoint' ? 'checkpoint' : mark.key}</td>
                <td>{mark.branch}</td>
                <td className={tableStyles.numberCell}>{count(mark.step)}</td>
                <td className={tableStyles.numberCell}>{mark.y === null ? '' : loss(mark.y)}</td>
                <td>{mark.isActive ? 'active' : 'abandoned branch'}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <table aria-label={VALIDATION_FIXED}>
          <Columns />
          <tbody>
            {rows.reverse().map((row, index) => (
              // A branch and its parent share the step of the fork, so branch and step are not unique.
              <tr key={`${row.branch} ${String(row.x)} ${String(index)}`}>
                <td>{row.branch}</td>
                <td className={tableStyles.numberCell}>{count(row.x)}</td>
                <td className={tableStyles.numberCell}>{loss(row.y)}</td>
                <td>{row.isActive ? 'active' : 'abandoned branch'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Dialog>
  );
}

function Columns({ first }: { readonly first?: string }): ReactElement {
  return (
    <thead>
      <tr>
        {first === undefined ? null : <th>{first}</th>}
        <th>Branch</th>
        <th className={tableStyles.numberCell}>Step</th>
        <th className={tableStyles.numberCell}>Validation</th>
        <th>Status</th>
      </tr>
    </thead>
  );
}

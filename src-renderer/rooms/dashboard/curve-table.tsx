/** The drawn curve as a table, for users who can't see the chart. */
import { Modal } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Curves } from '../../../src-main/contract/index.ts';
import { clock, count, loss } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import tableStyles from '../../kit/styles/tables.module.css';
import { useCurves } from './curves.ts';
import { nearest, validationName, validationOf } from './curve-data.ts';

export function CurveTable({
  curves,
  opened,
  onClose,
}: {
  readonly curves: Curves;
  readonly opened: boolean;
  readonly onClose: () => void;
}): ReactElement {
  return (
    <Modal opened={opened} onClose={onClose} title="Loss as a table" size={640}>
      {opened ? <Table curves={curves} /> : null}
    </Modal>
  );
}

function Table({ curves }: { readonly curves: Curves }): ReactElement {
  const now = useNowSeconds();
  const smoothing = useCurves((state) => state.smoothing);
  const evaluated = new Map(
    curves.evaluations.map((evaluation) => [evaluation.step, validationOf(evaluation)]),
  );
  return (
    <table>
      <thead>
        <tr>
          <th className={tableStyles.numberCell}>Step</th>
          <th className={tableStyles.numberCell}>Time</th>
          <th className={tableStyles.numberCell}>Mean</th>
          <th className={tableStyles.numberCell}>Min</th>
          <th className={tableStyles.numberCell}>Max</th>
          <th className={tableStyles.numberCell}>Smoothing {smoothing.toFixed(2)}</th>
          <th className={tableStyles.numberCell}>{validationName(curves.evaluations.at(-1))}</th>
        </tr>
      </thead>
      <tbody>
        {[...(curves.curves.loss ?? [])].reverse().map(([step, t, min, max, mean]) => {
          const smooth = curves.smoothed[nearest(curves.smoothed, step)]?.[1];
          const ring = evaluated.get(step);
          return (
            <tr key={step}>
              <td className={tableStyles.numberCell}>{count(step)}</td>
              <td className={tableStyles.numberCell}>{clock(t, now)}</td>
              <td className={tableStyles.numberCell}>{loss(mean)}</td>
              <td className={tableStyles.numberCell}>{loss(min)}</td>
              <td className={tableStyles.numberCell}>{loss(max)}</td>
              <td className={tableStyles.numberCell}>{smooth === undefined ? '' : loss(smooth)}</td>
              <td className={tableStyles.numberCell}>{ring == null ? '' : loss(ring)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

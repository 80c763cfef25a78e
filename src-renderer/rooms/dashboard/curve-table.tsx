/** The drawn curve as a table, for users who can't see the chart. */
import { Modal } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Curves } from '../../../src-main/contract/index.ts';
import { clock, count, loss } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import { nearest, validationOf } from './curve-data.ts';

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
  const evaluated = new Map(
    curves.evaluations.map((evaluation) => [evaluation.step, validationOf(evaluation)]),
  );
  return (
    <table>
      <thead>
        <tr>
          <th className="n">Step</th>
          <th className="n">Time</th>
          <th className="n">Mean</th>
          <th className="n">Min</th>
          <th className="n">Max</th>
          <th className="n">Smoothed</th>
          <th className="n">Validation</th>
        </tr>
      </thead>
      <tbody>
        {[...(curves.curves.loss ?? [])].reverse().map(([step, t, min, max, mean]) => {
          const smooth = curves.smoothed[nearest(curves.smoothed, step)]?.[1];
          const ring = evaluated.get(step);
          return (
            <tr key={step}>
              <td className="n">{count(step)}</td>
              <td className="n">{clock(t, now)}</td>
              <td className="n">{loss(mean)}</td>
              <td className="n">{loss(min)}</td>
              <td className="n">{loss(max)}</td>
              <td className="n">{smooth === undefined ? '' : loss(smooth)}</td>
              <td className="n">{ring == null ? '' : loss(ring)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

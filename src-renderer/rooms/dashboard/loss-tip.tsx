/** The values at the crosshair, on the side of it that has room. */
import { useLayoutEffect, useRef, type ReactElement, type RefObject } from 'react';
import type { LineChart } from '../../kit/chart/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count, loss, plural, signed, stems } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import type { ChartFrame } from './chart-frame.ts';
import { nearest, validationName, validationOf } from './curve-data.ts';
import { useCurves } from './curves.ts';
import styles from './loss-tip.module.css';
import type { CurvePoint } from './thinning.ts';

const WIDTH = 240;

export function LossTip({
  frame,
  chart,
  smooth,
}: {
  readonly frame: ChartFrame;
  readonly chart: RefObject<LineChart | null>;
  readonly smooth: readonly CurvePoint[];
}): ReactElement | null {
  const hover = useCurves((state) => state.hover);
  const smoothing = useCurves((state) => state.smoothing);
  const now = useNowSeconds();
  const element = useRef<HTMLDivElement>(null);
  const { curves, axis } = frame;
  const losses = curves.curves.loss ?? [];
  const bucket = hover === null ? undefined : losses[nearest(losses, hover)];
  useLayoutEffect(() => {
    const scale = chart.current?.scales['x'];
    if (bucket === undefined || scale === undefined || element.current === null) return;
    const x = scale.getPixelForValue(axis.x(bucket[0], bucket[1]));
    element.current.style.left = `${String(x > WIDTH + 60 ? x - 12 - WIDTH : x + 12)}px`;
  }, [bucket, axis, chart]);
  if (bucket === undefined) return null;
  const [step, t, min, max, mean] = bucket;
  const dataset = curves.markers.findLast(
    (marker) => marker.kind === 'dataset' && marker.step <= step,
  );
  const shortOf = stems(
    curves.markers.filter(({ kind }) => kind === 'dataset').map(({ label }) => label),
  );
  const next = curves.markers.find((marker) => marker.kind === 'dataset' && marker.step > step);
  const smoothed = smooth[nearest(smooth, step)]?.[2];
  const rings = curves.evaluations
    .map((evaluation) => [evaluation.step, validationOf(evaluation)] as const)
    .filter((evaluation): evaluation is [number, number] => evaluation[1] !== null);
  const ring = rings[nearest(rings, step)];
  // As measured: the drawn curve depends on the slider.
  const evaluation = curves.evaluations.find((known) => known.step === ring?.[0]);
  const gap = evaluation?.gap ?? null;
  return (
    <div ref={element} className={styles.tooltip} style={{ top: 54 }} role="tooltip">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <b className={classNames(textStyles.number, textStyles.strong)}>step {count(step)}</b>
        <span className={classNames(textStyles.caption, textStyles.number)}>{clock(t, now)}</span>
      </div>
      {dataset === undefined ? null : (
        <div className={classNames(textStyles.caption, textStyles.ellipsis)}>
          {shortOf(dataset.label)}, {count(step - dataset.step + 1)}
          {next === undefined ? '' : ` of ${count(next.step - dataset.step)}`}
        </div>
      )}
      <table>
        <tbody>
          <Row
            mark="line"
            name={`Training, smoothing ${smoothing.toFixed(2)}`}
            value={smoothed === undefined ? '—' : loss(smoothed)}
          />
          <Row
            mark="faint"
            name={
              curves.bucket_steps > 1
                ? `Raw, ${plural(Math.round(curves.bucket_steps), 'step')}`
                : 'Raw'
            }
            value={loss(mean)}
          />
          {curves.bucket_steps > 1 ? (
            <Row mark={null} name="min to max" value={`${loss(min)} to ${loss(max)}`} />
          ) : null}
          {ring === undefined ? null : (
            <Row
              mark="ring"
              name={`${validationName(evaluation)} at ${count(ring[0])}`}
              value={loss(ring[1])}
            />
          )}
          {gap === null ? null : <Row mark={null} name="Gap" value={signed(gap)} />}
        </tbody>
      </table>
    </div>
  );
}

function Row({
  mark,
  name,
  value,
}: {
  readonly mark: 'line' | 'faint' | 'ring' | null;
  readonly name: string;
  readonly value: string;
}): ReactElement {
  return (
    <tr>
      <td className={mark === null ? textStyles.tertiary : undefined}>
        {mark === null ? null : <i className={styles[mark]} />}
        {name}
      </td>
      <td className={classNames(tableStyles.numberCell, mark === null && textStyles.tertiary)}>
        {value}
      </td>
    </tr>
  );
}

/**
 * A small chart: its name, the current value or the one under the crosshair, a note, and the curve.
 */
import { memo, useMemo, useRef, type ReactElement } from 'react';
import type { LineChart } from '../../kit/chart/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import type { ChartFrame } from './chart-frame.ts';
import { nearest } from './curve-data.ts';
import curvePlotStyles from './curve-plot.module.css';
import { CurvePlot } from './curve-plot.tsx';
import { useCurves } from './curves.ts';
import type { LayerFacts } from './event-layer.ts';
import styles from './small-chart.module.css';
import { smallConfigurationOf, smallLinesOf, type SmallSeries } from './small-configuration.ts';

export function SmallChart({
  name,
  value,
  unit,
  note,
  stale,
  series,
  frame,
}: {
  readonly name: string;
  readonly value: string;
  /** Behind the value, small. */
  readonly unit: string | null;
  readonly note: string;
  readonly stale: boolean;
  readonly series: SmallSeries;
  readonly frame: ChartFrame | null;
}): ReactElement {
  const hover = useCurves((state) => state.hover);
  const under = hover === null ? undefined : series.values[nearest(series.values, hover)];
  return (
    <section className={classNames(styles.chart, stale && styles.stale)} aria-label={name}>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h3 className={classNames(textStyles.label, textStyles.ellipsis)}>{name}</h3>
        <span
          className={classNames(textStyles.number, styles.value)}
          title={value === '—' ? note : undefined}
        >
          {under === undefined ? value : series.text(under[2])}
          {unit === null ? null : <small> {unit}</small>}
        </span>
      </div>
      <div className={classNames(textStyles.caption, textStyles.number, textStyles.ellipsis)}>
        {under === undefined ? note : `at ${count(under[0])}`}
      </div>
      {frame === null || series.values.length === 0 ? (
        <div className={classNames(curvePlotStyles.plot, curvePlotStyles.smallPlot)} />
      ) : (
        <Plot name={name} value={value} series={series} frame={frame} />
      )}
    </section>
  );
}

/** Memoized, because only the value above the curve changes with the pointer. */
const Plot = memo(function Plot({
  name,
  value,
  series,
  frame,
}: {
  readonly name: string;
  readonly value: string;
  readonly series: SmallSeries;
  readonly frame: ChartFrame;
}): ReactElement {
  const chart = useRef<LineChart | null>(null);
  const { axis, colors } = frame;
  const lines = useMemo(() => smallLinesOf({ axis, colors }, series), [axis, colors, series]);
  const configuration = useMemo(
    () => smallConfigurationOf(frame, series, lines),
    [frame, series, lines],
  );
  const facts = useMemo(
    (): LayerFacts => ({
      frame,
      isMain: false,
      labels: [],
      series: series.values,
      hasRings: series.hasRings,
      above: 0,
    }),
    [frame, series],
  );
  return (
    <CurvePlot
      label={`Chart: ${name}, now ${value}`}
      chart={chart}
      facts={facts}
      configuration={configuration}
    />
  );
});

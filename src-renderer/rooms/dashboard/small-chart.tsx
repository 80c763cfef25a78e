/** A small chart: label, value now or under the crosshair, where it is from, and the line or the rings. */
import type { ChartDataset } from 'chart.js';
import { memo, useLayoutEffect, useMemo, useRef, useState, type ReactElement } from 'react';
import {
  Canvas,
  faint,
  plain,
  type LineChart,
  type LineConfiguration,
  type Point,
} from '../../kit/chart/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { useChartHands, type ChartFrame } from './chart-frame.ts';
import { drawCrosshair, useCrosshair } from './crosshair.ts';
import { nearest } from './curve-data.ts';
import { useCurves } from './curves.ts';
import { eventLayer, type LayerFacts } from './event-layer.ts';
import { pointsOf } from './loss-chart.tsx';
import { sparse, thinned } from './thinning.ts';
import { niceTicks } from './ticks.ts';

export interface SmallSeries {
  /** Step, time, value. */
  readonly values: readonly (readonly [number, number, number])[];
  /** Drawn strong over the faint values, where these are noisy. */
  readonly smooth: readonly (readonly [number, number, number])[] | null;
  /** Bands of the raw values, when there are any. */
  readonly low: readonly (readonly [number, number, number])[];
  readonly high: readonly (readonly [number, number, number])[];
  readonly rings: boolean;
  /** Lowest and highest of the axis; null: what the values need. */
  readonly from: number | null;
  readonly to: number | null;
  readonly tick: (value: number) => string;
  readonly text: (value: number) => string;
  /** A dashed line, for instance all of the memory. */
  readonly limit: number | null;
}

/** A small chart is a few hundred pixels wide. */
const MOST = 400;
const RING_COLUMNS = 80;

/** What does not change while the view moves. */
function linesOf(
  { axis, colors }: Pick<ChartFrame, 'axis' | 'colors'>,
  series: SmallSeries,
): readonly ChartDataset<'line', Point[]>[] {
  const line = { pointRadius: 0, borderWidth: 0, tension: 0 };
  const { smooth } = series;
  const values = thinned(series.values, MOST, 'mean');
  return [
    {
      ...line,
      data: pointsOf(axis, smooth === null ? values : thinned(smooth, MOST, 'last')),
      borderColor: colors.accent,
      borderWidth: 1.5,
      borderJoinStyle: 'round',
    },
    {
      ...line,
      data: smooth === null ? [] : pointsOf(axis, values),
      borderColor: faint(colors.accent, 0.35),
      borderWidth: 1,
    },
    {
      ...line,
      data: smooth === null ? pointsOf(axis, thinned(series.high, MOST, 'high')) : [],
      fill: '+1',
      backgroundColor: faint(colors.accent, 0.16),
    },
    {
      ...line,
      data: smooth === null ? pointsOf(axis, thinned(series.low, MOST, 'low')) : [],
    },
  ];
}

function configurationOf(
  frame: ChartFrame,
  series: SmallSeries,
  lines: readonly ChartDataset<'line', Point[]>[],
): LineConfiguration {
  const { axis, view, colors } = frame;
  const seen = series.values.filter(([step, t]) => {
    const x = axis.x(step, t);
    return x >= view.min && x <= view.max;
  });
  const values = (seen.length === 0 ? series.values : seen).map((value) => value[2]);
  const sorted = [...values].sort((a, b) => a - b);
  const flat = series.rings && sorted[0] === sorted[sorted.length - 1];
  const room = flat ? 5 : 0;
  const top = series.to ?? sorted[Math.floor((sorted.length - 1) * 0.995)] ?? 1;
  const bottom = series.from ?? sorted[Math.floor((sorted.length - 1) * 0.005)] ?? 0;
  // Shares that do not move get five per cent on both sides, inside 0 to 100.
  const ticks = niceTicks(
    flat ? Math.max(0, bottom - room) : Math.min(bottom, top),
    flat ? Math.min(100, top + room) : Math.max(bottom, top),
  );
  const low = ticks[0] ?? 0;
  const high = ticks[ticks.length - 1] ?? 1;
  return {
    type: 'line',
    data: {
      datasets: [
        ...(series.rings
          ? [
              {
                data: sparse(
                  series.values.map(([step, t, y]) => ({ x: axis.x(step, t), y })),
                  view,
                  RING_COLUMNS,
                ),
                showLine: false,
                pointRadius: 2.4,
                pointBackgroundColor: colors.face,
                pointBorderColor: colors.t1,
                pointBorderWidth: 1.3,
                clip: 4 as const,
              },
            ]
          : lines),
        {
          pointRadius: 0,
          data:
            series.limit === null
              ? []
              : [
                  { x: view.min, y: series.limit },
                  { x: view.max, y: series.limit },
                ],
          borderColor: colors.control,
          borderWidth: 1,
          borderDash: [3, 3],
        },
      ],
    },
    options: {
      ...plain,
      layout: { padding: { top: 6, bottom: 6 } },
      scales: {
        x: { type: 'linear', display: false, min: view.min, max: view.max },
        y: {
          type: 'linear',
          position: 'right',
          min: low,
          max: high,
          border: { display: false },
          grid: { color: colors.line, drawTicks: false },
          ticks: { color: colors.t3, padding: 8, callback: (value) => series.tick(Number(value)) },
          afterBuildTicks: (scale) => {
            scale.ticks = ticks.map((value) => ({ value }));
          },
          afterFit: (scale) => {
            scale.width = 40;
          },
        },
      },
    },
  };
}

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
    <section className={`sm ${stale ? 'stale' : ''}`} aria-label={name}>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h3 className={classNames(textStyles.label, textStyles.ellipsis)}>{name}</h3>
        <span
          className={classNames(textStyles.number, 'smv')}
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
        <div className="plot" />
      ) : (
        <Drawn name={name} value={value} series={series} frame={frame} />
      )}
    </section>
  );
}

/** Does not follow the pointer: the value above it does. */
const Drawn = memo(function Drawn({
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
  const facts = useRef<LayerFacts | null>(null);
  const hands = useChartHands(frame, chart);
  const over = useRef<HTMLCanvasElement | null>(null);
  const [layer] = useState(() =>
    eventLayer(
      () => facts.current,
      (made) => {
        drawCrosshair(over.current, made, facts.current);
      },
    ),
  );
  useLayoutEffect(() => {
    facts.current = {
      frame,
      main: false,
      labels: [],
      series: series.values,
      rings: series.rings,
      above: 0,
    };
  }, [frame, series]);
  const { axis, colors } = frame;
  const lines = useMemo(() => linesOf({ axis, colors }, series), [axis, colors, series]);
  const configuration = useMemo(
    () => ({ ...configurationOf(frame, series, lines), plugins: [layer] }),
    [frame, series, lines, layer],
  );
  useCrosshair(over, chart, facts);
  return (
    <div className="plot" role="img" aria-label={`Chart: ${name}, now ${value}`} {...hands}>
      <Canvas
        className="fillbox"
        configuration={configuration}
        chart={chart}
        over={over}
        isFirst={false}
      />
    </div>
  );
});

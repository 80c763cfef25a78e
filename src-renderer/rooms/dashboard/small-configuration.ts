/** A small chart as chart.js configuration. Pure. */
import { faint, plain, type LineConfiguration } from '../../kit/chart/index.ts';
import { panZoomOf, type ChartFrame } from './chart-frame.ts';
import { bandOf, pointsOf, ringsOf, type Line } from './curve-points.ts';
import { thinned, type CurvePoint } from './thinning.ts';
import { niceTicks } from './ticks.ts';

export interface SmallSeries {
  readonly values: readonly CurvePoint[];
  /** Drawn strong over the faint values where these are noisy. */
  readonly smooth: readonly CurvePoint[] | null;
  /** The band of raw values, empty where a bucket is one step. */
  readonly low: readonly CurvePoint[];
  readonly high: readonly CurvePoint[];
  readonly hasRings: boolean;
  /** Ends of the vertical axis; null: from the values. */
  readonly from: number | null;
  readonly to: number | null;
  readonly tick: (value: number) => string;
  readonly text: (value: number) => string;
  /** A dashed line, for instance the total memory. */
  readonly limit: number | null;
}

/** A small chart is a few hundred pixels wide. */
const MAX_POINTS = 400;
const RING_COLUMNS = 80;
const RING_RADIUS = 2.4;
/** Room above and below percentages that don't change, in percent. */
const FLAT_MARGIN = 5;

/** The part that stays the same while zooming and panning. */
export function smallLinesOf(
  { axis, colors }: Pick<ChartFrame, 'axis' | 'colors'>,
  series: SmallSeries,
): readonly Line[] {
  const line = { pointRadius: 0, tension: 0 };
  const { smooth } = series;
  const values = thinned(series.values, MAX_POINTS, 'mean');
  return [
    {
      ...line,
      data: pointsOf(axis, smooth === null ? values : thinned(smooth, MAX_POINTS, 'last')),
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
    ...bandOf(axis, colors, 0.16, {
      low: smooth === null ? thinned(series.low, MAX_POINTS, 'low') : [],
      high: smooth === null ? thinned(series.high, MAX_POINTS, 'high') : [],
    }),
  ];
}

/** Ticks of the vertical axis for the values in view. */
function verticalTicks({ axis, view }: ChartFrame, series: SmallSeries): readonly number[] {
  const visible = series.values.filter(([step, t]) => {
    const x = axis.x(step, t);
    return x >= view.min && x <= view.max;
  });
  const values = (visible.length === 0 ? series.values : visible).map((point) => point[2]);
  const sorted = [...values].sort((a, b) => a - b);
  const isFlat = series.hasRings && sorted[0] === sorted[sorted.length - 1];
  const top = series.to ?? sorted[Math.floor((sorted.length - 1) * 0.995)] ?? 1;
  const bottom = series.from ?? sorted[Math.floor((sorted.length - 1) * 0.005)] ?? 0;
  return isFlat
    ? niceTicks(Math.max(0, bottom - FLAT_MARGIN), Math.min(100, top + FLAT_MARGIN))
    : niceTicks(Math.min(bottom, top), Math.max(bottom, top));
}

export function smallConfigurationOf(
  frame: ChartFrame,
  series: SmallSeries,
  lines: readonly Line[],
): LineConfiguration {
  const { view, colors } = frame;
  const ticks = verticalTicks(frame, series);
  const limit: Line = {
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
  };
  return {
    type: 'line',
    data: {
      datasets: [
        ...(series.hasRings ? [ringsOf(frame, series.values, RING_COLUMNS, RING_RADIUS)] : lines),
        limit,
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
          min: ticks[0] ?? 0,
          max: ticks[ticks.length - 1] ?? 1,
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
      plugins: { zoom: panZoomOf(frame) },
    },
  };
}

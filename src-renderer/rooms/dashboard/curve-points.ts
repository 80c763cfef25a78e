/** Points and line styles that the charts of the dashboard share. Pure. */
import type { ChartDataset } from 'chart.js';
import { faint, type Colors, type Point } from '../../kit/chart/index.ts';
import type { Axis } from './curve-data.ts';
import type { View } from './curves.ts';
import { keepExtremes, type CurvePoint } from './thinning.ts';

export type Line = ChartDataset<'line', Point[]>;

/** Points along the axis, with a NaN where no process ran, so that no line crosses the gap. */
export function pointsOf(axis: Axis, values: readonly CurvePoint[]): Point[] {
  const points: Point[] = [];
  const { gaps } = axis;
  let next = 0;
  for (const [step, t, value] of values) {
    for (let gap = gaps[next]; gap !== undefined && gap.to <= t; gap = gaps[next]) {
      if (points.length > 0) points.push({ x: axis.x(step, gap.from), y: Number.NaN });
      next += 1;
    }
    points.push({ x: axis.x(step, t), y: value });
  }
  return points;
}

/** The band between the lowest and highest values: the upper edge filled down to the lower one. */
export function bandOf(
  axis: Axis,
  colors: Colors,
  opacity: number,
  { low, high }: { readonly low: readonly CurvePoint[]; readonly high: readonly CurvePoint[] },
): readonly Line[] {
  const edge = { pointRadius: 0, borderWidth: 0, tension: 0 };
  return [
    {
      ...edge,
      data: pointsOf(axis, high),
      fill: '+1',
      backgroundColor: faint(colors.accent, opacity),
    },
    { ...edge, data: pointsOf(axis, low) },
  ];
}

/** Evaluations as rings. `columns`: how many of them the width of the chart has room for. */
export function ringsOf(
  { axis, view, colors }: { readonly axis: Axis; readonly view: View; readonly colors: Colors },
  values: readonly CurvePoint[],
  columns: number,
  radius: number,
): Line {
  return {
    data: keepExtremes(
      values.map(([step, t, y]) => ({ x: axis.x(step, t), y })),
      view,
      columns,
    ),
    showLine: false,
    pointRadius: radius,
    pointHoverRadius: radius,
    pointBackgroundColor: colors.face,
    pointBorderColor: colors.t1,
    pointBorderWidth: 1.3,
    clip: 4,
  };
}

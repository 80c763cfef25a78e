/** chart.js configuration of the lineage chart: curves and axes. The marks are drawn by the layer. */
import {
  plain,
  verticalAxis,
  verticalTicks,
  type Colors,
  type LineConfiguration,
} from '../../../kit/chart/index.ts';
import { axis } from '../../../kit/format.ts';
import { colorOf } from './branch-labels.ts';
import { CHECKPOINT_ROW } from './marks-layer.ts';
import type { DiscardedRange } from './discarded-range.ts';
import type { LineagePlot, Segment } from './lineage-plot.ts';

const LEFT = 48;
const RIGHT = 136;
const FOOT = 52;
const dashes: readonly (readonly number[])[] = [
  [7, 3],
  [2, 3],
  [9, 3, 2, 3],
  [4, 4],
  [1, 3],
];

const dashOf = (segment: Segment): readonly number[] =>
  segment.isActive ? [] : (dashes[(segment.order - 1) % dashes.length] ?? []);

export function configurationOf(
  plot: LineagePlot,
  colors: Colors,
  discarded: DiscardedRange | null,
): LineConfiguration {
  return {
    type: 'line',
    data: {
      datasets: plot.segments.map((segment) => ({
        data: [...segment.points],
        pointRadius: segment.points.length === 1 ? 2 : 0,
        pointBackgroundColor: colorOf(segment, colors, discarded),
        pointBorderWidth: 0,
        borderColor: colorOf(segment, colors, discarded),
        borderWidth: segment.isActive ? 1.6 : 1.2,
        borderDash: [...dashOf(segment)],
        order: segment.isActive ? 0 : 1,
      })),
    },
    options: {
      ...plain,
      layout: { padding: { top: 26, right: RIGHT } },
      scales: {
        x: {
          type: 'linear',
          min: 0,
          max: plot.last,
          border: { color: colors['line-strong'] },
          grid: { drawOnChartArea: false, drawTicks: false },
          ticks: {
            color: colors.t3,
            padding: CHECKPOINT_ROW + 10,
            maxRotation: 0,
            maxTicksLimit: 7,
            includeBounds: false,
            callback: (value) => axis(Number(value)),
          },
          afterFit: (scale) => {
            scale.height = FOOT;
          },
        },
        y: {
          type: 'linear',
          min: plot.low,
          max: plot.high,
          ...verticalAxis(colors, LEFT),
          ticks: {
            ...verticalTicks(colors),
            maxTicksLimit: 5,
            callback: (value) => Number(value).toFixed(2),
          },
        },
      },
    },
  };
}

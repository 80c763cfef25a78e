/** The picture of the lineage as a chart: lines and axes for chart.js; everything else is on the layer. */
import { plain, type Colors, type LineConfiguration } from '../../kit/chart/index.ts';
import { axis } from '../../kit/format.ts';
import { colourOf } from './lineage-ends.ts';
import { CHECKPOINT_ROW } from './lineage-layer.ts';
import type { Leaving, Picture, Stretch } from './picture.ts';

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

const dashOf = (stretch: Stretch): readonly number[] =>
  stretch.inModel ? [] : (dashes[(stretch.order - 1) % dashes.length] ?? []);

export function configurationOf(
  picture: Picture,
  colors: Colors,
  leaving: Leaving | null,
): LineConfiguration {
  return {
    type: 'line',
    data: {
      datasets: picture.stretches.map((stretch) => ({
        data: [...stretch.dots],
        pointRadius: stretch.dots.length === 1 ? 2 : 0,
        pointBackgroundColor: colourOf(stretch, colors, leaving),
        pointBorderWidth: 0,
        borderColor: colourOf(stretch, colors, leaving),
        borderWidth: stretch.inModel ? 1.6 : 1.2,
        borderDash: [...dashOf(stretch)],
        order: stretch.inModel ? 0 : 1,
      })),
    },
    options: {
      ...plain,
      layout: { padding: { top: 26, right: RIGHT } },
      scales: {
        x: {
          type: 'linear',
          min: 0,
          max: picture.last,
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
          min: picture.low,
          max: picture.high,
          border: { display: false },
          grid: { color: colors.line, drawTicks: false },
          ticks: {
            color: colors.t3,
            padding: 8,
            includeBounds: false,
            maxTicksLimit: 5,
            callback: (value) => Number(value).toFixed(2),
          },
          afterFit: (scale) => {
            scale.width = LEFT;
          },
        },
      },
    },
  };
}

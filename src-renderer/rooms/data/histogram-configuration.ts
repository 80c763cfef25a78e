/**
 * The histogram of token lengths as chart.js configuration, with max_length and percentiles drawn
 * over it. Pure.
 */
import type { Chart, Plugin } from 'chart.js';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import {
  drawText,
  drawVertical,
  hatchOf,
  plainBars,
  type BarConfiguration,
  type Colors,
} from '../../kit/chart/index.ts';
import { count, percent, plural } from '../../kit/format.ts';

export interface HistogramFacts {
  readonly lengths: NonNullable<DatasetReport['lengths']>['whole'];
  /** max_length; null for a part of the row, which has no limit. */
  readonly limit: number | null;
  /** Rows over the limit. */
  readonly longer: number;
  readonly rows: number;
}

const LEFT = 46;
const RIGHT = 14;
const TOP = 34;
const BOTTOM = 40;
/** Room for the text at the limit. */
const LIMIT_TEXT_WIDTH = 180;
/** Average width of a character of the axis font. */
const CHARACTER_WIDTH = 6.2;
/** The tallest bar ends a little below the top. */
const HEADROOM = 1.06;

/** A round distance with at most `most` ticks over a span, at least 1. */
function niceStep(span: number, most: number): number {
  const raw = span / most;
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(raw, 1e-9)));
  return Math.max(
    1,
    [1, 2, 2.5, 5, 10].map((factor) => factor * magnitude).find((step) => step >= raw) ?? raw,
  );
}

const ticksFrom = (first: number, end: number, step: number): { readonly value: number }[] =>
  Array.from({ length: Math.max(0, Math.floor((end - first) / step) + 1) }, (_, index) => ({
    value: first + index * step,
  }));

/** End of the token axis: the longest row, and the limit unless it is far away. */
export function axisEnd({ lengths, limit }: HistogramFacts): number {
  const bins = lengths.histogram;
  return Math.max(
    bins[bins.length - 1]?.to ?? 1,
    lengths.max,
    limit !== null && limit < lengths.max * 3 ? limit : 0,
  );
}

/** The limit as a line, with the rows over it as text on the side that has room. */
function drawLimit(chart: Chart<'bar'>, facts: HistogramFacts, colors: Colors): void {
  const { ctx, width } = chart;
  const { top, bottom, right } = chart.chartArea;
  const { limit, longer, rows } = facts;
  const scale = chart.scales['x'];
  if (limit === null || scale === undefined) return;
  if (limit > axisEnd(facts)) {
    const text = `all rows fit max_length ${count(limit)}`;
    drawText(ctx, text, right, top - 13, { color: colors.t2, align: 'right' });
    return;
  }
  const x = scale.getPixelForValue(limit);
  drawVertical(ctx, x, top - 22, bottom, colors.t1);
  const isLate = x > width - LIMIT_TEXT_WIDTH;
  const at = x + (isLate ? -8 : 8);
  const align = isLate ? 'right' : 'left';
  drawText(ctx, `max_length ${count(limit)}`, at, top - 13, {
    color: colors.t1,
    font: '600 11px',
    align,
  });
  if (longer > 0)
    drawText(
      ctx,
      `${plural(longer, 'row')} longer, ${percent((longer / Math.max(1, rows)) * 100)}`,
      at,
      top + 2,
      { color: colors.warn, font: '560 11px', align },
    );
}

/** Percentiles as ticks below the axis; a name that would overlap its neighbor is left out. */
function drawPercentiles(chart: Chart<'bar'>, { lengths }: HistogramFacts, colors: Colors): void {
  const scale = chart.scales['x'];
  if (scale === undefined) return;
  const { bottom, right } = chart.chartArea;
  let free = 0;
  for (const [name, tokens] of [
    ['p50', lengths.p50],
    ['p95', lengths.p95],
    ['p99', lengths.p99],
    ['max', lengths.max],
  ] as const) {
    const x = scale.getPixelForValue(tokens);
    drawVertical(chart.ctx, x, bottom + 20, bottom + 25, colors.t2);
    const text = `${name} ${count(tokens)}`;
    const half = (text.length * CHARACTER_WIDTH) / 2;
    const at = Math.min(x, right - half);
    if (at - half <= free) continue;
    free = at + half + 6;
    drawText(chart.ctx, text, at, chart.height - 4, { color: colors.t2, align: 'center' });
  }
}

const overlay = (facts: HistogramFacts, colors: Colors): Plugin<'bar'> => ({
  id: 'limit-and-percentiles',
  afterDatasetsDraw(chart) {
    const { left, top } = chart.chartArea;
    drawText(chart.ctx, 'rows', left, top - 13, { color: colors.t3 });
    drawLimit(chart, facts, colors);
    drawPercentiles(chart, facts, colors);
  },
});

export function histogramConfigurationOf(facts: HistogramFacts, colors: Colors): BarConfiguration {
  const { lengths, limit } = facts;
  const end = axisEnd(facts);
  const tallest = Math.max(1, ...lengths.histogram.map((bin) => bin.count));
  const rowStep = niceStep(tallest, 3);
  const overLimit = hatchOf(colors['warn-soft'], colors.warn);
  const axisTicks = { color: colors.t3, autoSkip: false, maxRotation: 0 };
  return {
    type: 'bar',
    data: {
      datasets: [
        {
          // An empty bin keeps its place, but a bar of height 0 would be drawn with the minimum
          // length.
          data: lengths.histogram.map((bin) => ({
            x: (bin.from + bin.to) / 2,
            y: bin.count === 0 ? Number.NaN : bin.count,
          })),
          backgroundColor: lengths.histogram.map((bin) =>
            limit !== null && bin.from >= limit ? overLimit : colors.n3,
          ),
          barThickness: 'flex',
          barPercentage: 1,
          categoryPercentage: 1,
          minBarLength: 1,
          inflateAmount: 0,
          // A transparent border makes the gaps between the bars.
          borderColor: 'transparent',
          borderWidth: { left: 0.5, right: 1, top: 0, bottom: 0 },
          borderSkipped: false,
        },
      ],
    },
    options: {
      ...plainBars,
      layout: { padding: { top: TOP, right: RIGHT } },
      scales: {
        x: {
          type: 'linear',
          offset: false,
          min: 0,
          max: end,
          border: { color: colors['line-strong'] },
          grid: { display: false },
          ticks: { ...axisTicks, callback: (value) => count(Number(value)) },
          afterBuildTicks: (scale) => {
            scale.ticks = ticksFrom(0, end, niceStep(end, 7));
          },
          afterFit: (scale) => {
            scale.height = BOTTOM;
          },
        },
        y: {
          type: 'linear',
          min: 0,
          max: tallest * HEADROOM,
          border: { display: false },
          grid: { color: colors.line, drawTicks: false },
          ticks: { ...axisTicks, padding: 8, callback: (value) => count(Number(value)) },
          afterBuildTicks: (scale) => {
            scale.ticks = ticksFrom(rowStep, tallest, rowStep);
          },
          afterFit: (scale) => {
            scale.width = LEFT;
          },
        },
      },
    },
    plugins: [overlay(facts, colors)],
  };
}

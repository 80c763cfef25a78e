/** The loss chart as chart.js configuration: raw faint, smoothed strong, validation as rings. */
import type { Curves } from '../../../src-main/contract/index.ts';
import {
  faint,
  panZoomPlugins,
  plain,
  prewarm,
  readColors,
  verticalAxis,
  verticalTicks,
  type LineConfiguration,
} from '../../kit/chart/index.ts';
import { loss } from '../../kit/format.ts';
import { domainOf, drawnMarkers, panZoomOf, type ChartFrame } from './chart-frame.ts';
import { axisOf, lossRange, nearest, shortValidationName, validationOf } from './curve-data.ts';
import { bandOf, pointsOf, ringsOf, type Line } from './curve-points.ts';
import { eventLayer, type LabelText, type LayerFacts } from './event-layer.ts';
import type { CurvePoint } from './thinning.ts';
import { ticksOf, tickText } from './ticks.ts';

const LEFT = 46;
const RIGHT = 104;
const TOP = 44;
const RING_RADIUS = 2.8;
/** Rings that are closer than about 4 px can't be distinguished. */
const RING_COLUMNS = 240;
const MAX_TICKS = 7;

export interface LossOptions {
  readonly clip: boolean;
  readonly log: boolean;
}

export interface LossSeries {
  readonly smooth: readonly CurvePoint[];
  readonly rings: readonly CurvePoint[];
  readonly lines: readonly Line[];
}

/** Time of the bucket that is nearest to a step. */
function timeOf(curves: Curves, step: number): number {
  const buckets = curves.curves.loss ?? [];
  return buckets[nearest(buckets, step)]?.[1] ?? 0;
}

/** The part that stays the same while zooming and panning. */
export function lossSeriesOf({
  curves,
  axis,
  colors,
}: Pick<ChartFrame, 'curves' | 'axis' | 'colors'>): LossSeries {
  const buckets = curves.curves.loss ?? [];
  const smooth = curves.smoothed.map(([step, value], index): CurvePoint => {
    const bucket = buckets[index];
    return [step, bucket?.[0] === step ? bucket[1] : timeOf(curves, step), value];
  });
  const rings = curves.evaluations.flatMap((evaluation): CurvePoint[] => {
    const value = validationOf(evaluation);
    return value === null ? [] : [[evaluation.step, evaluation.t, value]];
  });
  const pick = (index: 2 | 3 | 4): CurvePoint[] =>
    buckets.map((bucket) => [bucket[0], bucket[1], bucket[index]]);
  const hasBand = curves.bucket_steps > 1;
  const line = { pointRadius: 0, tension: 0, borderJoinStyle: 'round' as const };
  const lines: readonly Line[] = [
    { ...line, data: pointsOf(axis, smooth), borderColor: colors.accent, borderWidth: 1.8 },
    {
      ...line,
      data: pointsOf(axis, pick(4)),
      borderColor: faint(colors.accent, 0.42),
      borderWidth: 1,
    },
    ...bandOf(axis, colors, 0.13, {
      low: hasBand ? pick(2) : [],
      high: hasBand ? pick(3) : [],
    }),
  ];
  return { smooth, rings, lines: lines.map((line, index) => ({ ...line, order: index + 1 })) };
}

function scalesOf(
  { axis, view, colors }: ChartFrame,
  range: { readonly low: number; readonly high: number },
  isLog: boolean,
): NonNullable<NonNullable<LineConfiguration['options']>['scales']> {
  const ticks = ticksOf(axis.kind, view, MAX_TICKS);
  return {
    x: {
      type: 'linear',
      min: view.min,
      max: view.max,
      border: { color: colors['line-strong'] },
      grid: { drawOnChartArea: false, tickColor: colors['line-strong'], tickLength: 4 },
      ticks: {
        color: colors.t3,
        maxTicksLimit: MAX_TICKS,
        maxRotation: 0,
        includeBounds: false,
        callback: (value) => tickText(axis.kind, Number(value), Date.now() / 1000),
      },
      afterBuildTicks: (scale) => {
        scale.ticks = ticks.map((value) => ({ value }));
      },
    },
    y: {
      type: isLog ? 'logarithmic' : 'linear',
      min: range.low,
      max: range.high,
      ...verticalAxis(colors, LEFT),
      ticks: {
        ...verticalTicks(colors),
        maxTicksLimit: MAX_TICKS,
        callback: (value) =>
          isLog ? String(Number(Number(value).toPrecision(3))) : Number(value).toFixed(2),
      },
    },
  };
}

/** `above`: buckets with values over the upper end of the axis. */
export function lossConfigurationOf(
  frame: ChartFrame,
  series: LossSeries,
  options: LossOptions,
): { readonly configuration: LineConfiguration; readonly above: number } {
  const { curves, axis, view } = frame;
  const isInView = (step: number, t: number): boolean => {
    const x = axis.x(step, t);
    return x >= view.min && x <= view.max;
  };
  const range = lossRange(
    (curves.curves.loss ?? []).filter(([step, t]) => isInView(step, t)),
    [...series.smooth, ...series.rings]
      .filter(([step, t]) => isInView(step, t))
      .map((point) => point[2]),
    options,
  );
  const configuration: LineConfiguration = {
    type: 'line',
    data: {
      datasets: [
        { ...ringsOf(frame, series.rings, RING_COLUMNS, RING_RADIUS), order: 0 },
        ...series.lines,
      ],
    },
    options: {
      ...plain,
      layout: { padding: { top: TOP, right: RIGHT, bottom: 2 } },
      scales: scalesOf(frame, range, options.log),
      plugins: { zoom: panZoomOf(frame) },
    },
  };
  return { configuration, above: range.above };
}

/** The numbers of the readouts that the labels repeat; null where a readout has none. */
export interface ShownLosses {
  readonly training: number | null;
  readonly validationDataset: number | null;
  readonly validationFixed: number | null;
}

/**
 * The labels at the ends of the lines, with the numbers of the readouts: one number for one fact,
 * however the slider smooths the line. An earlier part of the curve ends where no readout applies.
 */
export function lossLabelsOf(
  curves: Curves,
  { training, validationDataset, validationFixed }: ShownLosses,
  { isStale, isEarlierPart }: { readonly isStale: boolean; readonly isEarlierPart: boolean },
): readonly LabelText[] {
  const labels: LabelText[] = [];
  const validation = validationDataset ?? validationFixed;
  if (validation !== null && !isEarlierPart)
    labels.push({
      name: shortValidationName({ slice_loss: validationDataset }),
      value: validation,
      text: loss(validation),
      tone: 't1',
    });
  const last = curves.smoothed[curves.smoothed.length - 1];
  if (last !== undefined && (training !== null || isEarlierPart))
    labels.push({
      name: 'Training',
      value: last[1],
      text: training === null || isEarlierPart ? '' : loss(training),
      tone: isStale ? 't3' : 'accent',
    });
  return labels;
}

/**
 * Draws the curve once off screen while another screen is shown, so that the first visible draw is
 * fast.
 */
export function prewarmLoss(curves: Curves): void {
  const axis = axisOf('step', curves.curves.loss ?? []);
  const domain = domainOf(curves, axis, false);
  if (domain === null) return;
  const frame: ChartFrame = {
    curves,
    markers: drawnMarkers(curves),
    axis,
    domain,
    view: domain,
    colors: readColors(),
    isStale: false,
  };
  const series = lossSeriesOf(frame);
  const { configuration, above } = lossConfigurationOf(frame, series, { clip: true, log: false });
  const facts: LayerFacts = {
    frame,
    isMain: true,
    labels: [],
    series: series.smooth,
    hasRings: false,
    above,
  };
  const layer = eventLayer(
    () => facts,
    () => undefined,
  );
  prewarm({ ...configuration, plugins: [layer, ...panZoomPlugins] }, 1000, 400);
}

/** The loss: raw faint, smoothed strong, validation as rings, the live end, marks above, one crosshair. */
import type { ChartDataset } from 'chart.js';
import { useLayoutEffect, useMemo, useRef, useState, type ReactElement } from 'react';
import type { Curves } from '../../../src-main/contract/index.ts';
import {
  Canvas,
  faint,
  plain,
  readColours,
  rehearse,
  type LineChart,
  type LineConfiguration,
  type Point,
} from '../../kit/chart/index.ts';
import { count, loss } from '../../kit/format.ts';
import { drawCrosshair, useCrosshair } from './crosshair.ts';
import { axisOf, lossRange, nearest, validationOf, type Axis } from './curve-data.ts';
import { domainOf, drawnMarkers, useChartHands, type ChartFrame } from './chart-frame.ts';
import { eventLayer, type LabelText, type LayerFacts } from './event-layer.ts';
import { LossTip } from './loss-tip.tsx';
import { sparse } from './thinning.ts';
import { ticksOf, tickText } from './ticks.ts';

const LEFT = 46;
const RIGHT = 104;
const TOP = 44;
/** A ring is 6 px wide; two of them in 4 px are one. */
const RING_COLUMNS = 240;

/** Time of a smoothed or evaluated step: that of its bucket. */
function timeOf(curves: Curves, step: number): number {
  const buckets = curves.curves.loss ?? [];
  return buckets[nearest(buckets, step)]?.[1] ?? 0;
}

/** Points along the axis; a hole where no process was, so that no line crosses it. */
export function pointsOf(
  axis: Axis,
  values: readonly (readonly [number, number, number])[],
): Point[] {
  const out: Point[] = [];
  let gap = 0;
  const { gaps } = axis;
  for (const [step, t, value] of values) {
    for (let hole = gaps[gap]; hole !== undefined && hole.to <= t; hole = gaps[gap]) {
      if (out.length > 0) out.push({ x: axis.x(step, hole.from), y: Number.NaN });
      gap += 1;
    }
    out.push({ x: axis.x(step, t), y: value });
  }
  return out;
}

export interface LossOptions {
  readonly clip: boolean;
  readonly log: boolean;
}

interface Series {
  readonly smooth: [number, number, number][];
  readonly rings: [number, number, number][];
  readonly lines: readonly ChartDataset<'line', Point[]>[];
}

/** What does not change while the view moves. */
function seriesOf({
  curves,
  axis,
  colors,
}: Pick<ChartFrame, 'curves' | 'axis' | 'colors'>): Series {
  const buckets = curves.curves.loss ?? [];
  const smooth = curves.smoothed.map(([step, value], index): [number, number, number] => {
    const bucket = buckets[index];
    return [step, bucket?.[0] === step ? bucket[1] : timeOf(curves, step), value];
  });
  const rings = curves.evaluations.flatMap((evaluation): [number, number, number][] => {
    const value = validationOf(evaluation);
    return value === null ? [] : [[evaluation.step, evaluation.t, value]];
  });
  const line = { pointRadius: 0, tension: 0, borderJoinStyle: 'round' as const };
  const band = curves.bucket_steps > 1;
  return {
    smooth,
    rings,
    lines: [
      {
        ...line,
        data: pointsOf(axis, smooth),
        order: 1,
        borderColor: colors.accent,
        borderWidth: 1.8,
      },
      {
        ...line,
        data: pointsOf(
          axis,
          buckets.map((bucket) => [bucket[0], bucket[1], bucket[4]]),
        ),
        order: 2,
        borderColor: faint(colors.accent, 0.42),
        borderWidth: 1,
      },
      {
        ...line,
        data: band
          ? pointsOf(
              axis,
              buckets.map((bucket) => [bucket[0], bucket[1], bucket[3]]),
            )
          : [],
        order: 3,
        borderWidth: 0,
        fill: '+1',
        backgroundColor: faint(colors.accent, 0.13),
      },
      {
        ...line,
        data: band
          ? pointsOf(
              axis,
              buckets.map((bucket) => [bucket[0], bucket[1], bucket[2]]),
            )
          : [],
        order: 4,
        borderWidth: 0,
      },
    ],
  };
}

function configurationOf(
  frame: ChartFrame,
  series: Series,
  options: LossOptions,
): { readonly made: LineConfiguration; readonly above: number } {
  const { curves, axis, view, colors } = frame;
  const { smooth, rings } = series;
  const visible = (curves.curves.loss ?? []).filter((curve) => {
    const x = axis.x(curve[0], curve[1]);
    return x >= view.min && x <= view.max;
  });
  const inView = ([step, t]: readonly [number, number, number]): boolean => {
    const x = axis.x(step, t);
    return x >= view.min && x <= view.max;
  };
  const range = lossRange(
    visible,
    [...smooth, ...rings].filter(inView).map((ring) => ring[2]),
    options,
  );
  const ticks = ticksOf(axis.kind, view, 7);
  const made: LineConfiguration = {
    type: 'line',
    data: {
      datasets: [
        {
          data: sparse(
            rings.map(([step, t, y]) => ({ x: axis.x(step, t), y })),
            view,
            RING_COLUMNS,
          ),
          order: 0,
          showLine: false,
          pointRadius: 2.8,
          pointBackgroundColor: colors.face,
          pointBorderColor: colors.t1,
          pointBorderWidth: 1.3,
          pointHoverRadius: 2.8,
          clip: 4,
        },
        ...series.lines,
      ],
    },
    options: {
      ...plain,
      layout: { padding: { top: TOP, right: RIGHT, bottom: 2 } },
      scales: {
        x: {
          type: 'linear',
          min: view.min,
          max: view.max,
          border: { color: colors['line-strong'] },
          grid: { drawOnChartArea: false, tickColor: colors['line-strong'], tickLength: 4 },
          ticks: {
            color: colors.t3,
            maxTicksLimit: 7,
            maxRotation: 0,
            includeBounds: false,
            callback: (value) => tickText(axis.kind, Number(value), Date.now() / 1000),
          },
          afterBuildTicks: (scale) => {
            scale.ticks = ticks.map((value) => ({ value }));
          },
        },
        y: {
          type: options.log ? 'logarithmic' : 'linear',
          min: range.low,
          max: range.high,
          border: { display: false },
          grid: { color: colors.line, drawTicks: false },
          ticks: {
            color: colors.t3,
            padding: 8,
            includeBounds: false,
            maxTicksLimit: 7,
            callback: (value) =>
              options.log ? String(Number(Number(value).toPrecision(3))) : Number(value).toFixed(2),
          },
          afterFit: (scale) => {
            scale.width = LEFT;
          },
        },
      },
    },
  };
  return { made, above: range.above };
}

function labelsOf(curves: Curves, isStale: boolean): readonly LabelText[] {
  const out: LabelText[] = [];
  const ring = curves.evaluations.map(validationOf).findLast((evaluation) => evaluation !== null);
  if (ring != null) out.push({ name: 'Validation', value: ring, text: loss(ring), tone: 't1' });
  const last = curves.smoothed[curves.smoothed.length - 1];
  if (last !== undefined)
    out.push({
      name: 'Training',
      value: last[1],
      text: loss(last[1]),
      tone: isStale ? 't3' : 'accent',
    });
  return out;
}

/** The curve drawn once out of sight, while another screen is shown. */
export function rehearseLoss(curves: Curves): void {
  const axis = axisOf('step', curves.curves.loss ?? []);
  const domain = domainOf(curves, axis, false);
  if (domain === null) return;
  const frame: ChartFrame = {
    curves,
    markers: drawnMarkers(curves),
    axis,
    domain,
    view: domain,
    colors: readColours(),
    isStale: false,
  };
  const series = seriesOf(frame);
  const { made, above } = configurationOf(frame, series, { clip: true, log: false });
  const facts: LayerFacts = {
    frame,
    main: true,
    labels: labelsOf(curves, false),
    series: series.smooth,
    rings: false,
    above,
  };
  const layer = eventLayer(
    () => facts,
    () => undefined,
  );
  rehearse({ ...made, plugins: [layer] }, 1000, 400);
}

export function LossChart({
  frame,
  options,
}: {
  readonly frame: ChartFrame;
  readonly options: LossOptions;
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
  const { clip, log } = options;
  const { curves, axis, colors } = frame;
  const series = useMemo(() => seriesOf({ curves, axis, colors }), [curves, axis, colors]);
  const drawn = useMemo(
    () => configurationOf(frame, series, { clip, log }),
    [frame, series, clip, log],
  );
  const labels = useMemo(() => labelsOf(curves, frame.isStale), [curves, frame.isStale]);
  // A layout effect: before the effect that draws the chart anew, its layer learns what is drawn.
  useLayoutEffect(() => {
    facts.current = {
      frame,
      main: true,
      labels,
      series: series.smooth,
      rings: false,
      above: drawn.above,
    };
  }, [frame, labels, series, drawn]);
  useCrosshair(over, chart, facts);
  const configuration = useMemo(() => ({ ...drawn.made, plugins: [layer] }), [drawn, layer]);
  const last = labels
    .map((label) => `${label.name.toLowerCase()} loss ${label.text}`)
    .join(' and ');
  return (
    <div
      className="plot"
      role="img"
      tabIndex={0}
      aria-label={`Chart: ${last}, steps ${count(frame.curves.from)} to ${count(frame.curves.to)}. Plus and minus zoom, 0 resets, arrows move the crosshair.`}
      {...hands}
    >
      <Canvas className="fillbox" configuration={configuration} chart={chart} over={over} />
      <LossTip frame={frame} chart={chart} smooth={series.smooth} />
    </div>
  );
}

/** A chart.js plugin that draws events, gaps, the live end and labels over the lines. */
import type { Plugin } from 'chart.js';
import type { Marker } from '../../../src-main/contract/index.ts';
import {
  drawDot,
  drawHatch,
  drawMark,
  drawText,
  drawVertical,
  type LineChart,
} from '../../kit/chart/index.ts';
import { duration, stems } from '../../kit/format.ts';
import type { MarkName } from '../../kit/marks.tsx';
import type { ChartFrame } from './chart-frame.ts';
import type { CurvePoint } from './thinning.ts';

/**
 * The mark of each kind of event. Checkpoints are too frequent for the lane; the event list has
 * them.
 */
const MARKS: Readonly<Record<Marker['kind'], MarkName | null>> = {
  dataset: 'dataset',
  version: 'version',
  checkpoint: null,
  pause: 'pause',
  recovery: 'recovery',
  config: 'config',
  asleep: 'sleep',
  branch: 'branch',
};

type PlacedMarker = Marker & { readonly x: number };

function visibleMarkers(chart: LineChart, frame: ChartFrame): readonly PlacedMarker[] {
  const scale = chart.scales['x'];
  if (scale === undefined) return [];
  const { left, right } = chart.chartArea;
  return frame.markers
    .map((marker) => ({
      ...marker,
      x: scale.getPixelForValue(frame.axis.x(marker.step, marker.t)),
    }))
    .filter((marker) => marker.x >= left - 1 && marker.x <= right + 1);
}

function drawGaps(chart: LineChart, frame: ChartFrame): void {
  const scale = chart.scales['x'];
  if (scale === undefined) return;
  const { top, bottom, left, right } = chart.chartArea;
  for (const gap of frame.axis.gaps) {
    const from = scale.getPixelForValue(frame.axis.x(0, gap.from));
    const to = scale.getPixelForValue(frame.axis.x(0, gap.to));
    if (to < left || from > right) continue;
    if (frame.axis.kind === 'process') {
      drawVertical(chart.ctx, from, top, bottom, frame.colors['line-strong']);
      continue;
    }
    const a = Math.max(left, from);
    const b = Math.min(right, to);
    drawHatch(chart.ctx, a, b, top, bottom, frame.colors.hatch);
    const text = duration(gap.to - gap.from);
    if (b - a > text.length * 6.5)
      drawText(chart.ctx, text, (a + b) / 2, top + 14, {
        color: frame.colors.t2,
        align: 'center',
      });
  }
}

function drawMarkerLines(chart: LineChart, frame: ChartFrame, isMain: boolean): void {
  const { top, bottom } = chart.chartArea;
  for (const marker of visibleMarkers(chart, frame)) {
    if (marker.kind === 'dataset')
      drawVertical(
        chart.ctx,
        marker.x,
        isMain ? 4 : top,
        bottom,
        frame.colors[isMain ? 'line-strong' : 'line'],
      );
    if (marker.kind === 'recovery')
      drawVertical(chart.ctx, marker.x, top, bottom, frame.colors.warn, [2, 3]);
  }
}

/** The upper row above the plot: datasets and versions, with their names where they fit. */
function drawNames(chart: LineChart, frame: ChartFrame, markers: readonly PlacedMarker[]): void {
  const { colors } = frame;
  const { right } = chart.chartArea;
  const shortOf = stems(
    frame.markers.filter(({ kind }) => kind === 'dataset').map(({ label }) => label),
  );
  const named = markers
    .filter((marker) => marker.kind === 'dataset' || marker.kind === 'version')
    .sort((a, b) => a.x - b.x);
  let free = 0;
  for (const [index, marker] of named.entries()) {
    const next = named.find((other, at) => at > index && other.x > marker.x + 14)?.x ?? right;
    const x = Math.max(marker.x, free);
    const isVersion = marker.kind === 'version';
    drawMark(
      chart.ctx,
      isVersion ? 'version' : 'dataset',
      x + (isVersion ? 6 : 3.5),
      10,
      isVersion ? colors.t1 : colors.t2,
    );
    const text = isVersion ? (marker.label.split('_')[0] ?? marker.label) : shortOf(marker.label);
    const offset = isVersion ? 14 : 13;
    const room = next - x - offset - 4;
    if (room > text.length * 6.2) {
      const width = drawText(chart.ctx, text, x + offset, 14, {
        color: isVersion ? colors.t1 : colors.t3,
        font: isVersion ? '600 11px' : '400 11px',
      });
      free = x + offset + width + 8;
    } else free = x + offset + 2;
  }
}

/** The lower row above the plot: all other events; marks that would overlap are left out. */
function drawMarks(chart: LineChart, frame: ChartFrame, markers: readonly PlacedMarker[]): void {
  const { colors } = frame;
  let last = -Infinity;
  for (const marker of markers) {
    const mark = MARKS[marker.kind];
    if (mark === null || marker.kind === 'dataset' || marker.kind === 'version') continue;
    if (marker.x - last < 8) continue;
    last = marker.x;
    drawMark(chart.ctx, mark, marker.x, 30, marker.kind === 'recovery' ? colors.warn : colors.t2);
  }
}

export interface LabelText {
  readonly name: string;
  readonly value: number;
  readonly text: string;
  readonly tone: 'accent' | 't1' | 't3';
}

/** Name and value at the end of each line, at least 32 px apart. */
function drawLabels(chart: LineChart, frame: ChartFrame, labels: readonly LabelText[]): void {
  const scale = chart.scales['y'];
  if (scale === undefined) return;
  const { right, top, bottom } = chart.chartArea;
  const rows = labels
    .map((label) => ({
      ...label,
      y: Math.min(bottom - 16, Math.max(top + 14, scale.getPixelForValue(label.value))),
    }))
    .sort((a, b) => a.y - b.y);
  for (let i = 1; i < rows.length; i++) {
    const before = rows[i - 1];
    const row = rows[i];
    if (before === undefined || row === undefined || row.y - before.y >= 32) continue;
    const middle = (row.y + before.y) / 2;
    rows[i - 1] = { ...before, y: middle - 16 };
    rows[i] = { ...row, y: middle + 16 };
  }
  for (const row of rows) {
    const color = frame.colors[row.tone];
    drawText(chart.ctx, row.name, right + 12, row.y - 3, {
      color: row.tone === 't1' ? frame.colors.t2 : color,
    });
    drawText(chart.ctx, row.text, right + 12, row.y + 12, { color, font: '600 13px' });
  }
}

export interface LayerFacts {
  readonly frame: ChartFrame;
  /**
   * The loss chart has event rows, labels and the live end; the small charts only lines and the
   * crosshair.
   */
  readonly isMain: boolean;
  readonly labels: readonly LabelText[];
  /** The curve that the live end and the crosshair dot lie on. */
  readonly series: readonly CurvePoint[];
  readonly hasRings: boolean;
  readonly above: number;
}

/** The end of the curve as a dot, followed by a hatch while no new value can come. */
function drawLiveEnd(chart: LineChart, { frame, series }: LayerFacts): void {
  const { scales, ctx } = chart;
  const last = series[series.length - 1];
  const x = scales['x'];
  const y = scales['y'];
  if (last === undefined || x === undefined || y === undefined) return;
  if (frame.view.max < frame.domain.max) return;
  const { colors, isStale } = frame;
  const { top, bottom, right } = chart.chartArea;
  const at = x.getPixelForValue(frame.axis.x(last[0], last[1]));
  if (isStale) drawHatch(ctx, at, right, top, bottom, colors.hatch);
  const fill = isStale ? colors.face : colors.accent;
  drawDot(ctx, at, y.getPixelForValue(last[2]), 3.5, fill, colors.accent);
}

/** `onDrawn` is called after every draw, for what lies on the canvas above. */
export function eventLayer(
  read: () => LayerFacts | null,
  onDrawn: (chart: LineChart) => void,
): Plugin<'line'> {
  return {
    id: 'events',
    afterDraw(chart) {
      onDrawn(chart);
    },
    beforeDatasetsDraw(chart) {
      const facts = read();
      if (facts === null) return;
      drawGaps(chart, facts.frame);
      drawMarkerLines(chart, facts.frame, facts.isMain);
    },
    afterDatasetsDraw(chart) {
      const facts = read();
      if (facts?.isMain !== true) return;
      const { frame } = facts;
      const { top, right } = chart.chartArea;
      drawLiveEnd(chart, facts);
      const markers = visibleMarkers(chart, frame);
      drawNames(chart, frame, markers);
      drawMarks(chart, frame, markers);
      drawLabels(chart, frame, facts.labels);
      if (facts.above > 0)
        drawText(chart.ctx, `${String(facts.above)} above`, right - 4, top - 4, {
          color: frame.colors.t3,
          align: 'right',
        });
    },
  };
}

/** What is drawn over the lines: marks and their names, gaps, live end, direct labels, crosshair. */
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
import { duration, stem } from '../../kit/format.ts';
import type { MarkName } from '../../kit/marks.tsx';
import type { ChartFrame } from './chart-frame.ts';

/** Which mark stands for an event. A checkpoint is too frequent for the lane and is in the feed. */
const marks: Readonly<Record<Marker['kind'], MarkName | null>> = {
  dataset: 'dataset',
  version: 'version',
  checkpoint: null,
  pause: 'pause',
  recovery: 'recovery',
  config: 'config',
  asleep: 'sleep',
  branch: 'branch',
};

type Placed = Marker & { readonly x: number };

function placed(chart: LineChart, frame: ChartFrame): readonly Placed[] {
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

function drawLines(chart: LineChart, frame: ChartFrame, strong: boolean): void {
  const { top, bottom } = chart.chartArea;
  for (const entry of placed(chart, frame)) {
    if (entry.kind === 'dataset')
      drawVertical(
        chart.ctx,
        entry.x,
        strong ? 4 : top,
        bottom,
        frame.colors[strong ? 'line-strong' : 'line'],
      );
    if (entry.kind === 'recovery')
      drawVertical(chart.ctx, entry.x, top, bottom, frame.colors.warn, [2, 3]);
  }
}

/** Two rows above the plot: dataset and version with names while they fit, below them what happened in between. */
function drawLane(chart: LineChart, frame: ChartFrame): void {
  const { colors } = frame;
  const { right } = chart.chartArea;
  const all = placed(chart, frame);
  const upper = all
    .filter((placed) => placed.kind === 'dataset' || placed.kind === 'version')
    .sort((a, b) => a.x - b.x);
  let free = 0;
  for (const [index, placed] of upper.entries()) {
    const next = upper.find((other, at) => at > index && other.x > placed.x + 14)?.x ?? right;
    const x = Math.max(placed.x, free);
    const isVersion = placed.kind === 'version';
    drawMark(
      chart.ctx,
      placed.kind === 'version' ? 'version' : 'dataset',
      x + (isVersion ? 6 : 3.5),
      10,
      isVersion ? colors.t1 : colors.t2,
    );
    const text = isVersion ? (placed.label.split('_')[0] ?? placed.label) : stem(placed.label);
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
  let last = -99;
  for (const placed of all) {
    const mark = marks[placed.kind];
    if (
      mark === null ||
      placed.kind === 'dataset' ||
      placed.kind === 'version' ||
      placed.x - last < 8
    )
      continue;
    last = placed.x;
    drawMark(chart.ctx, mark, placed.x, 30, placed.kind === 'recovery' ? colors.warn : colors.t2);
  }
}

export interface LabelText {
  readonly name: string;
  readonly value: number;
  readonly text: string;
  readonly tone: 'accent' | 't1' | 't3';
}

/** At the end of each line its name and value, at least 32 px apart. */
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
  /** The main chart has lane, labels and the live dot; the small ones only lines and crosshair. */
  readonly main: boolean;
  readonly labels: readonly LabelText[];
  /** The series that the dots of live end and crosshair lie on: step, time, value. */
  readonly series: readonly (readonly [number, number, number])[];
  readonly rings: boolean;
  readonly above: number;
}

/** `drawn`: called when the chart was drawn anew, with all that lies over it. */
export function eventLayer(
  read: () => LayerFacts | null,
  drawn: (chart: LineChart) => void,
): Plugin<'line'> {
  return {
    id: 'events',
    afterDraw(chart) {
      drawn(chart);
    },
    beforeDatasetsDraw(chart) {
      const facts = read();
      if (facts === null) return;
      drawGaps(chart, facts.frame);
      drawLines(chart, facts.frame, facts.main);
    },
    afterDatasetsDraw(chart) {
      const facts = read();
      if (facts === null) return;
      const { frame } = facts;
      const { colors } = frame;
      const { scales, ctx } = chart;
      const x = scales['x'];
      const y = scales['y'];
      if (x === undefined || y === undefined) return;
      const { top, bottom, right } = chart.chartArea;
      const last = facts.series[facts.series.length - 1];
      const seesEnd = frame.view.max >= frame.domain.max;
      if (facts.main && last !== undefined && seesEnd) {
        const at = x.getPixelForValue(frame.axis.x(last[0], last[1]));
        if (frame.isStale) drawHatch(ctx, at, right, top, bottom, colors.hatch);
        drawDot(
          ctx,
          at,
          y.getPixelForValue(last[2]),
          3.5,
          frame.isStale ? colors.face : colors.accent,
          colors.accent,
        );
      }
      if (facts.main) {
        drawLane(chart, frame);
        drawLabels(chart, frame, facts.labels);
        if (facts.above > 0)
          drawText(ctx, `${String(facts.above)} above`, right - 4, top - 4, {
            color: colors.t3,
            align: 'right',
          });
      }
    },
  };
}

/** Layer over the lineage curves: versions, rows of backups and checkpoints, and the range that a planned restore discards. */
import {
  drawDot,
  drawHatch,
  drawMark,
  drawText,
  drawVertical,
  faint,
  type LineChart,
  type LineConfiguration,
} from '../../../kit/chart/index.ts';
import { count, plural } from '../../../kit/format.ts';
import { drawEnds, framed, type LayerState } from './branch-labels.ts';
import type { PlotMark } from './lineage-plot.ts';

/** Below the plot: backups, then checkpoints, then the axis labels. CSS pixels. */
const BACKUP_ROW = 11;
export const CHECKPOINT_ROW = 24;
const NAME_ROOM = 40;

/** Position of a mark, CSS pixels of the chart. */
export function placeOf(
  chart: LineChart,
  mark: PlotMark,
): { readonly x: number; readonly y: number } {
  const { x: scale } = chart.scales;
  const x = scale?.getPixelForValue(mark.step) ?? 0;
  const { bottom } = chart.chartArea;
  if (mark.kind === 'version') return { x, y: 10 };
  return { x, y: bottom + (mark.kind === 'backup' ? BACKUP_ROW : CHECKPOINT_ROW) };
}

function hatchDiscarded(chart: LineChart, { colors, discarded }: LayerState): void {
  const { x } = chart.scales;
  if (discarded === null || x === undefined || discarded.steps <= 0) return;
  const { ctx: context, chartArea: area } = chart;
  const right = Math.min(x.getPixelForValue(discarded.to), area.right);
  const left = x.getPixelForValue(discarded.from);
  drawHatch(context, left, right, area.top, area.bottom, colors.hatch);
}

function drawDiscarded(chart: LineChart, { colors, discarded }: LayerState): void {
  const { x } = chart.scales;
  if (discarded === null || x === undefined || discarded.steps <= 0) return;
  const { ctx: context, chartArea: area } = chart;
  const left = x.getPixelForValue(discarded.from);
  const right = Math.min(x.getPixelForValue(discarded.to), area.right);
  const y = area.top + 16;
  context.save();
  context.strokeStyle = colors.t1;
  context.lineWidth = 1.6;
  context.beginPath();
  context.moveTo(right, y);
  context.lineTo(left + 2, y);
  context.moveTo(left + 8, y - 4);
  context.lineTo(left + 2, y);
  context.lineTo(left + 8, y + 4);
  context.moveTo(right, y - 5);
  context.lineTo(right, y + 5);
  context.stroke();
  context.restore();
  const lines = [`${plural(discarded.steps, 'step')} discarded`];
  if (discarded.reactivated !== null)
    lines.push(
      `${discarded.reactivated.branch} active again, up to step ${count(discarded.reactivated.step)}`,
    );
  const middle = Math.min(Math.max((left + right) / 2, area.left + 90), area.right - 90);
  lines.forEach((text, index) => {
    framed(context, text, middle, y + 20 + index * 15, colors, colors.t1, '600 11px', 'center');
  });
}

function drawVersions(chart: LineChart, { plot, colors, chosen }: LayerState): void {
  const { x, y } = chart.scales;
  if (x === undefined || y === undefined) return;
  const { ctx: context, chartArea: area } = chart;
  const versions = plot.marks.filter((mark) => mark.kind === 'version');
  versions.forEach((mark, index) => {
    const isChosen = mark.key === chosen;
    const left = x.getPixelForValue(mark.step);
    const next = versions[index + 1];
    const room = next === undefined ? NAME_ROOM : x.getPixelForValue(next.step) - left;
    const color = isChosen ? colors.t1 : mark.isActive ? colors.t2 : colors.t3;
    const point = mark.y === null ? area.bottom : y.getPixelForValue(mark.y);
    const edge = isChosen ? colors.control : colors['line-strong'];
    drawVertical(context, left, area.top - 8, point, edge);
    drawMark(context, 'version', left + 3, 10, color, 11);
    if (!isChosen && room >= NAME_ROOM) drawText(context, mark.label, left + 12, 14, { color });
    if (mark.y !== null) drawDot(context, left, point, isChosen ? 5 : 3.6, color, colors.face);
  });
  // The selected version's name is drawn last, over names that are too close.
  const mark = versions.find((version) => version.key === chosen);
  if (mark === undefined) return;
  const left = x.getPixelForValue(mark.step) + 12;
  framed(context, mark.label, left, 14, colors, colors.t1, '600 11px', 'left');
}

function drawLanes(chart: LineChart, { plot, colors, chosen }: LayerState): void {
  for (const mark of plot.marks) {
    if (mark.kind === 'version') continue;
    const { x, y } = placeOf(chart, mark);
    const isChosen = mark.key === chosen;
    const color = isChosen ? colors.t1 : mark.isActive ? colors.t2 : faint(colors.t3, 0.75);
    drawMark(chart.ctx, mark.kind, x, y, color, isChosen ? 13 : 11);
  }
}

/** Number of values above the upper edge of the plot. */
function drawAbove(chart: LineChart, { plot, colors }: LayerState): void {
  const above = new Set(
    plot.segments.flatMap((segment) => segment.points.filter((point) => point.y > plot.high)),
  ).size;
  if (above === 0) return;
  const { left, top } = chart.chartArea;
  drawText(chart.ctx, `${count(above)} above`, left + 6, top + 12, { color: colors.t3 });
}

/** `facts` is called on every draw, because a chart keeps the layer that it was created with. */
export function marksLayer(
  facts: () => LayerState | null,
): NonNullable<LineConfiguration['plugins']>[number] {
  return {
    id: 'lineage',
    beforeDatasetsDraw: (chart) => {
      const known = facts();
      if (known !== null) hatchDiscarded(chart, known);
    },
    afterDatasetsDraw: (chart) => {
      const known = facts();
      if (known === null) return;
      drawVersions(chart, known);
      drawLanes(chart, known);
      drawAbove(chart, known);
      drawEnds(chart, known);
      drawDiscarded(chart, known);
    },
  };
}

/** Labels at the ends of the curves: the current step, and where each branch was abandoned. */
import type { Colors, LineChart } from '../../../kit/chart/index.ts';
import { drawDot, drawText } from '../../../kit/chart/draw.ts';
import { count, loss } from '../../../kit/format.ts';
import type { DiscardedRange } from './discarded-range.ts';
import type { LineagePlot, Segment } from './lineage-plot.ts';

export interface LayerState {
  readonly plot: LineagePlot;
  readonly colors: Colors;
  /** Key of the selected point. */
  readonly chosen: string | null;
  readonly discarded: DiscardedRange | null;
}

/** An abandoned branch that the planned restore reactivates is drawn like an active one. */
export function colorOf(
  segment: Segment,
  colors: Colors,
  discarded: DiscardedRange | null,
): string {
  if (segment.isActive) return colors.t2;
  return discarded?.reactivated?.branch === segment.branch ? colors.t1 : colors.t3;
}

/** Text with an outline in the background color, so that lines don't run through it. */
export function framed(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colors: Colors,
  color: string,
  font: string,
  align: CanvasTextAlign,
): void {
  context.save();
  context.font = `${font} "Inter Variable", Inter, system-ui, sans-serif`;
  context.textAlign = align;
  context.lineJoin = 'round';
  context.lineWidth = 5;
  context.strokeStyle = colors.face;
  context.strokeText(text, x, y);
  context.restore();
  drawText(context, text, x, y, { color, font, align });
}

/** Connects the end of a curve to its label where the label was moved to avoid an overlap. */
function drawLeader(
  context: CanvasRenderingContext2D,
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  color: string,
): void {
  context.save();
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.stroke();
  context.restore();
}

export function drawEnds(chart: LineChart, { plot, colors, discarded }: LayerState): void {
  const { x, y } = chart.scales;
  if (x === undefined || y === undefined) return;
  const { ctx: context, chartArea: area } = chart;
  const taken: { readonly left: number; readonly right: number; readonly y: number }[] = [];
  const free = (left: number, wide: number, wish: number): number => {
    const y = [0, 15, -15, 30, -30, 45, -45, 60, -60]
      .map((shift) => wish + shift)
      .filter((place) => place > area.top + 6 && place < area.bottom + 2)
      .find(
        (place) =>
          !taken.some(
            (entry) =>
              left < entry.right && left + wide > entry.left && Math.abs(entry.y - place) < 14,
          ),
      );
    taken.push({ left, right: left + wide, y: y ?? wish });
    return y ?? wish;
  };
  if (plot.now !== null) {
    const left = x.getPixelForValue(plot.now.step);
    const top = y.getPixelForValue(plot.now.y);
    taken.push({ left, right: left + 112, y: top - 3 }, { left, right: left + 112, y: top + 11 });
  }
  for (const segment of plot.segments) {
    const end = segment.points[segment.points.length - 1];
    if (segment.label === null || end === undefined) continue;
    context.font = '400 11px "Inter Variable", Inter, system-ui, sans-serif';
    const wide = context.measureText(segment.label).width + 12;
    const left = Math.min(x.getPixelForValue(end.x), chart.width - wide);
    const top = free(left, wide, y.getPixelForValue(end.y) + 4);
    const color = colorOf(segment, colors, discarded);
    const from = { x: x.getPixelForValue(end.x), y: y.getPixelForValue(end.y) };
    if (Math.abs(top - 4 - from.y) > 8)
      drawLeader(context, from, { x: left + 5, y: top - 4 }, color);
    framed(context, segment.label, left + 7, top, colors, color, '400 11px', 'left');
  }
  for (const fork of plot.forks)
    drawDot(
      context,
      x.getPixelForValue(fork.x),
      y.getPixelForValue(fork.y),
      3,
      colors.face,
      colors.t2,
    );
  // Drawn last, so that the leader line of a nearby branch doesn't run through the text.
  if (plot.now !== null) {
    const left = x.getPixelForValue(plot.now.step);
    const top = y.getPixelForValue(plot.now.y);
    drawDot(context, left, top, 3.5, colors.accent, colors.face);
    framed(
      context,
      `current, step ${count(plot.now.step)}`,
      left + 10,
      top - 3,
      colors,
      colors.accent,
      '400 11px',
      'left',
    );
    framed(
      context,
      loss(plot.now.y),
      left + 10,
      top + 11,
      colors,
      colors.accent,
      '600 13px',
      'left',
    );
  }
}

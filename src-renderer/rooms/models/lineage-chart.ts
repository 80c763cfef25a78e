/** The picture of the lineage as a chart: lines and axes for chart.js, everything else on a layer of its own. */
import {
  drawDot,
  drawHatch,
  drawMark,
  drawText,
  drawVertical,
  faint,
  plain,
  type Colours,
  type LineChart,
  type LineConfiguration,
} from '../../kit/chart/index.ts';
import { axis, count, loss, plural } from '../../kit/format.ts';
import type { Leaving, Picture, PictureMark, Stretch } from './picture.ts';

const LEFT = 48;
const RIGHT = 136;
/** Below the plot: backups, then checkpoints, then the numbers of the axis. */
const BACKUP_ROW = 11;
const CHECKPOINT_ROW = 24;
const FOOT = 52;
const NAME_ROOM = 40;
const dashes: readonly (readonly number[])[] = [
  [7, 3],
  [2, 3],
  [9, 3, 2, 3],
  [4, 4],
  [1, 3],
];

export interface LayerFacts {
  readonly picture: Picture;
  readonly colours: Colours;
  /** The key of the chosen point. */
  readonly chosen: string | null;
  readonly leaving: Leaving | null;
}

const dashOf = (stretch: Stretch): readonly number[] =>
  stretch.inModel ? [] : (dashes[(stretch.order - 1) % dashes.length] ?? []);

/** A left branch that a planned restore goes back to is drawn as what will be. */
function colourOf(stretch: Stretch, colours: Colours, leaving: Leaving | null): string {
  if (stretch.inModel) return colours.t2;
  return leaving?.back?.branch === stretch.branch ? colours.t1 : colours.t3;
}

export function configurationOf(
  picture: Picture,
  colours: Colours,
  leaving: Leaving | null,
): LineConfiguration {
  return {
    type: 'line',
    data: {
      datasets: picture.stretches.map((stretch) => ({
        data: [...stretch.dots],
        pointRadius: stretch.dots.length === 1 ? 2 : 0,
        pointBackgroundColor: colourOf(stretch, colours, leaving),
        pointBorderWidth: 0,
        borderColor: colourOf(stretch, colours, leaving),
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
          border: { color: colours['line-strong'] },
          grid: { drawOnChartArea: false, drawTicks: false },
          ticks: {
            color: colours.t3,
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
          grid: { color: colours.line, drawTicks: false },
          ticks: {
            color: colours.t3,
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

/** Where a mark stands, in CSS pixels of the chart. */
export function placeOf(
  chart: LineChart,
  mark: PictureMark,
): { readonly x: number; readonly y: number } {
  const { x: scale } = chart.scales;
  const x = scale?.getPixelForValue(mark.step) ?? 0;
  const { bottom } = chart.chartArea;
  if (mark.kind === 'version') return { x, y: 10 };
  return { x, y: bottom + (mark.kind === 'backup' ? BACKUP_ROW : CHECKPOINT_ROW) };
}

function drawLeaving(chart: LineChart, { colours, leaving }: LayerFacts): void {
  const { x } = chart.scales;
  if (leaving === null || x === undefined || leaving.steps <= 0) return;
  const { ctx: context, chartArea: area } = chart;
  const left = x.getPixelForValue(leaving.from);
  const right = Math.min(x.getPixelForValue(leaving.to), area.right);
  drawHatch(context, left, right, area.top, area.bottom, colours.hatch);
  const y = area.top + 16;
  context.save();
  context.strokeStyle = colours.t1;
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
  const words = [`leaves the model: ${plural(leaving.steps, 'step')}`];
  if (leaving.back !== null)
    words.push(`${leaving.back.branch} comes back, to ${count(leaving.back.step)}`);
  const middle = Math.min(Math.max((left + right) / 2, area.left + 90), area.right - 90);
  words.forEach((text, index) => {
    framed(context, text, middle, y + 20 + index * 15, colours, colours.t1, '600 11px', 'center');
  });
}

/** Text with the colour of the face around it, so that lines do not run through it. */
function framed(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colours: Colours,
  colour: string,
  font: string,
  align: CanvasTextAlign,
): void {
  context.save();
  context.font = `${font} "Inter Variable", Inter, system-ui, sans-serif`;
  context.textAlign = align;
  context.lineJoin = 'round';
  context.lineWidth = 5;
  context.strokeStyle = colours.face;
  context.strokeText(text, x, y);
  context.restore();
  drawText(context, text, x, y, { colour, font, align });
}

function drawVersions(chart: LineChart, { picture, colours, chosen }: LayerFacts): void {
  const { x, y } = chart.scales;
  if (x === undefined || y === undefined) return;
  const { ctx: context, chartArea: area } = chart;
  let free = Number.NEGATIVE_INFINITY;
  for (const mark of picture.marks) {
    if (mark.kind !== 'version') continue;
    const isChosen = mark.key === chosen;
    const left = x.getPixelForValue(mark.step);
    const colour = isChosen ? colours.t1 : mark.inModel ? colours.t2 : colours.t3;
    const dot = mark.y === null ? area.bottom : y.getPixelForValue(mark.y);
    drawVertical(
      context,
      left,
      area.top - 8,
      dot,
      isChosen ? colours.control : colours['line-strong'],
    );
    drawMark(context, 'version', left + 3, 10, colour, 11);
    if (left > free) {
      const font = isChosen ? '600 11px' : '400 11px';
      free = left + 12 + drawText(context, mark.label, left + 12, 14, { colour, font }) + 8;
      free = Math.max(free, left + NAME_ROOM);
    }
    if (mark.y !== null) drawDot(context, left, dot, isChosen ? 5 : 3.6, colour, colours.face);
  }
}

function drawLanes(chart: LineChart, { picture, colours, chosen }: LayerFacts): void {
  for (const mark of picture.marks) {
    if (mark.kind === 'version') continue;
    const { x, y } = placeOf(chart, mark);
    const isChosen = mark.key === chosen;
    const colour = isChosen ? colours.t1 : mark.inModel ? colours.t2 : faint(colours.t3, 0.75);
    drawMark(chart.ctx, mark.kind, x, y, colour, isChosen ? 13 : 11);
  }
}

/** How many values lie above the upper edge. */
function drawAbove(chart: LineChart, { picture, colours }: LayerFacts): void {
  const above = new Set(
    picture.stretches.flatMap((one) => one.dots.filter((dot) => dot.y > picture.high)),
  ).size;
  if (above === 0) return;
  const { left, top } = chart.chartArea;
  drawText(chart.ctx, `${count(above)} above`, left + 6, top + 12, { colour: colours.t3 });
}

function drawEnds(chart: LineChart, { picture, colours, leaving }: LayerFacts): void {
  const { x, y } = chart.scales;
  if (x === undefined || y === undefined) return;
  const { ctx: context, chartArea: area } = chart;
  const taken: { readonly left: number; readonly right: number; readonly y: number }[] = [];
  const free = (left: number, wide: number, wish: number): number => {
    const y = [0, 15, -15, 30, -30, 45, -45]
      .map((shift) => wish + shift)
      .filter((place) => place > area.top + 6 && place < area.bottom + 2)
      .find(
        (place) =>
          !taken.some(
            (one) => left < one.right && left + wide > one.left && Math.abs(one.y - place) < 14,
          ),
      );
    taken.push({ left, right: left + wide, y: y ?? wish });
    return y ?? wish;
  };
  if (picture.now !== null) {
    const left = x.getPixelForValue(picture.now.step);
    const top = y.getPixelForValue(picture.now.y);
    drawDot(context, left, top, 3.5, colours.accent, colours.face);
    taken.push({ left, right: left + 84, y: top - 3 }, { left, right: left + 84, y: top + 11 });
    framed(
      context,
      `now, ${count(picture.now.step)}`,
      left + 10,
      top - 3,
      colours,
      colours.accent,
      '400 11px',
      'left',
    );
    framed(
      context,
      loss(picture.now.y),
      left + 10,
      top + 11,
      colours,
      colours.accent,
      '600 13px',
      'left',
    );
  }
  for (const stretch of picture.stretches) {
    const end = stretch.dots[stretch.dots.length - 1];
    if (stretch.label === null || end === undefined) continue;
    context.font = '400 11px "Inter Variable", Inter, system-ui, sans-serif';
    const wide = context.measureText(stretch.label).width + 12;
    const left = Math.min(x.getPixelForValue(end.x), chart.width - wide);
    const top = free(left, wide, y.getPixelForValue(end.y) + 4);
    const colour = colourOf(stretch, colours, leaving);
    framed(context, stretch.label, left + 7, top, colours, colour, '400 11px', 'left');
  }
  for (const fork of picture.forks)
    drawDot(
      context,
      x.getPixelForValue(fork.x),
      y.getPixelForValue(fork.y),
      3,
      colours.face,
      colours.t2,
    );
}

/** `facts` is read at every drawing, because a living chart keeps its layer. */
export function lineageLayer(
  facts: () => LayerFacts | null,
): NonNullable<LineConfiguration['plugins']>[number] {
  return {
    id: 'lineage',
    beforeDatasetsDraw: (chart) => {
      const known = facts();
      if (known !== null) drawLeaving(chart, known);
    },
    afterDatasetsDraw: (chart) => {
      const known = facts();
      if (known === null) return;
      drawVersions(chart, known);
      drawLanes(chart, known);
      drawAbove(chart, known);
      drawEnds(chart, known);
    },
  };
}

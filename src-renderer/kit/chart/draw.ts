/** Drawing primitives for a 2D context. Coordinates in CSS pixels. */
import { strokesOf, type MarkName } from '../marks.tsx';

export function drawMark(
  context: CanvasRenderingContext2D,
  name: MarkName,
  x: number,
  y: number,
  color: string,
  size = 11,
): void {
  context.save();
  context.translate(x - size / 2, y - size / 2);
  context.scale(size / 12, size / 12);
  context.setLineDash([]);
  for (const { d, line } of strokesOf(name)) {
    const path = new Path2D(d);
    if (line === undefined) {
      context.fillStyle = color;
      context.fill(path);
    } else {
      context.strokeStyle = color;
      context.lineWidth = line;
      context.stroke(path);
    }
  }
  context.restore();
}

/** Returns the width of the text. */
export function drawText(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  style: { readonly color: string; readonly font?: string; readonly align?: CanvasTextAlign },
): number {
  context.save();
  context.fillStyle = style.color;
  context.font = `${style.font ?? '400 11px'} "Inter Variable", Inter, system-ui, sans-serif`;
  context.textAlign = style.align ?? 'left';
  context.textBaseline = 'alphabetic';
  context.fillText(text, x, y);
  const { width } = context.measureText(text);
  context.restore();
  return width;
}

export function drawVertical(
  context: CanvasRenderingContext2D,
  x: number,
  top: number,
  bottom: number,
  color: string,
  dash: readonly number[] = [],
): void {
  context.save();
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.setLineDash([...dash]);
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, top);
  context.lineTo(Math.round(x) + 0.5, bottom);
  context.stroke();
  context.restore();
}

/** Diagonal lines over a box: a period without a running process. */
export function drawHatch(
  context: CanvasRenderingContext2D,
  left: number,
  right: number,
  top: number,
  bottom: number,
  color: string,
): void {
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  const height = bottom - top;
  for (let x = left - height; x < right; x += 6) {
    context.moveTo(x, bottom);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}

/**
 * A pattern of diagonal lines that marks bars. Falls back to the line color without a 2D context.
 */
export function hatchOf(background: string, line: string): CanvasPattern | string {
  const tile = document.createElement('canvas');
  tile.width = 6;
  tile.height = 6;
  const context = tile.getContext('2d');
  if (context === null) return line;
  context.fillStyle = background;
  context.fillRect(0, 0, 6, 6);
  context.strokeStyle = line;
  context.lineWidth = 2.4;
  context.beginPath();
  // Three lines, so that the corners continue in the neighboring tiles.
  for (const offset of [-6, 0, 6]) {
    context.moveTo(offset - 1, 7);
    context.lineTo(offset + 7, -1);
  }
  context.stroke();
  return context.createPattern(tile, 'repeat') ?? line;
}

export function drawDot(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  fill: string,
  edge: string,
): void {
  context.save();
  context.beginPath();
  context.arc(x, y, radius, 0, Math.PI * 2);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = edge;
  context.stroke();
  context.restore();
}

/** Round ticks for the axes. Pure. */
import { axis as axisText, clock, duration } from '../../kit/format.ts';
import type { AxisKind } from './curve-data.ts';

interface Span {
  readonly min: number;
  readonly max: number;
}

const FACTORS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10] as const;

/** Two or three round ticks that enclose all values, with room on both sides of a flat line. */
export function niceTicks(low: number, high: number): readonly number[] {
  const span = Math.max(high - low, Math.abs(high) * 0.02, 1e-12);
  const raw = span / 2;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  for (const factor of FACTORS) {
    const step = factor * magnitude;
    const first = Math.floor(low / step + 1e-9) * step;
    const last = Math.ceil(high / step - 1e-9) * step;
    const intervals = Math.max(1, Math.round((last - first) / step));
    if (intervals <= 2)
      return Array.from({ length: intervals + 1 }, (_, index) =>
        Number((first + index * step).toPrecision(12)),
      );
  }
  return [low, high];
}

/** At most `most` round ticks inside a span. */
export function evenTicks(span: Span, most: number): readonly number[] {
  const wide = span.max - span.min;
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(wide, 1e-12) / most));
  const step =
    [1, 2, 2.5, 5, 10].map((value) => value * magnitude).find((value) => wide / value <= most) ??
    10 * magnitude;
  const out: number[] = [];
  for (let n = Math.ceil(span.min / step - 1e-9); n * step <= span.max + step * 1e-9; n += 1)
    out.push(Number((n * step).toPrecision(12)));
  return out;
}

/** In seconds, from a minute to a week. */
const TIME_STEPS = [
  60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800,
  604_800,
] as const;

/** Ticks of a horizontal axis: round steps, round local hours, or round durations. */
export function ticksOf(kind: AxisKind, view: Span, most: number): readonly number[] {
  if (kind === 'step') return evenTicks(view, most).filter(Number.isInteger);
  const span = view.max - view.min;
  const step =
    TIME_STEPS.find((seconds) => span / seconds <= most) ??
    Math.ceil(span / most / 604_800) * 604_800;
  const offset = kind === 'time' ? new Date(view.max * 1000).getTimezoneOffset() * 60 : 0;
  const out: number[] = [];
  for (let t = Math.ceil((view.min - offset) / step) * step + offset; t <= view.max; t += step)
    out.push(t);
  return out;
}

export function tickText(kind: AxisKind, value: number, now: number): string {
  if (kind === 'step') return Number.isInteger(value) ? axisText(value) : '';
  return kind === 'time' ? clock(value, now) : duration(value);
}

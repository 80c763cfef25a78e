/** Fewer points for charts that are narrower than the data. Pure. */
import type { View } from './curves.ts';

/** Step, time in Unix seconds, value. */
export type CurvePoint = readonly [number, number, number];

const REDUCERS = {
  low: (group: readonly CurvePoint[]): number => Math.min(...group.map((point) => point[2])),
  high: (group: readonly CurvePoint[]): number => Math.max(...group.map((point) => point[2])),
  mean: (group: readonly CurvePoint[]): number =>
    group.reduce((sum, point) => sum + point[2], 0) / group.length,
  last: (group: readonly CurvePoint[]): number => group[group.length - 1]?.[2] ?? 0,
};

/** At most `most` points, each at the step and time of the last one of its group. */
export function thinned(
  points: readonly CurvePoint[],
  most: number,
  reducer: keyof typeof REDUCERS,
): readonly CurvePoint[] {
  const size = Math.ceil(points.length / most);
  if (size <= 1) return points;
  const out: CurvePoint[] = [];
  for (let start = 0; start < points.length; start += size) {
    const group = points.slice(start, start + size);
    const last = group[group.length - 1];
    if (last !== undefined) out.push([last[0], last[1], REDUCERS[reducer](group)]);
  }
  return out;
}

/**
 * The lowest and highest point of each of `columns` columns of the view; points outside of it are
 * dropped.
 */
export function keepExtremes<T extends { readonly x: number; readonly y: number }>(
  points: readonly T[],
  view: View,
  columns: number,
): T[] {
  const width = (view.max - view.min) / columns;
  const lowest = new Map<number, T>();
  const highest = new Map<number, T>();
  for (const point of points) {
    if (point.x < view.min || point.x > view.max) continue;
    const column = Math.floor((point.x - view.min) / width);
    if (point.y < (lowest.get(column)?.y ?? Infinity)) lowest.set(column, point);
    if (point.y > (highest.get(column)?.y ?? -Infinity)) highest.set(column, point);
  }
  const extremes = new Set([...lowest.values(), ...highest.values()]);
  return points.filter((point) => extremes.has(point));
}

/** What a narrow chart has room for: values in groups, rings that would lie on each other. Pure. */
import type { View } from './curves.ts';

export type Triple = readonly [number, number, number];

const grouped = {
  low: (group: readonly Triple[]): number => Math.min(...group.map((triple) => triple[2])),
  high: (group: readonly Triple[]): number => Math.max(...group.map((triple) => triple[2])),
  mean: (group: readonly Triple[]): number =>
    group.reduce((sum, triple) => sum + triple[2], 0) / group.length,
  last: (group: readonly Triple[]): number => group[group.length - 1]?.[2] ?? 0,
};

/** At most `most` values, each standing where the last of its group stands. */
export function thinned(
  values: readonly Triple[],
  most: number,
  of: keyof typeof grouped,
): readonly Triple[] {
  const size = Math.ceil(values.length / most);
  if (size <= 1) return values;
  const out: Triple[] = [];
  for (let start = 0; start < values.length; start += size) {
    const group = values.slice(start, start + size);
    const last = group[group.length - 1];
    if (last !== undefined) out.push([last[0], last[1], grouped[of](group)]);
  }
  return out;
}

/** Of the rings of each of `columns` columns of the view the lowest and the highest; those outside are left out. */
export function sparse<T extends { readonly x: number; readonly y: number }>(
  rings: readonly T[],
  view: View,
  columns: number,
): T[] {
  const width = (view.max - view.min) / columns;
  const lowest = new Map<number, T>();
  const highest = new Map<number, T>();
  for (const ring of rings) {
    if (ring.x < view.min || ring.x > view.max) continue;
    const column = Math.floor((ring.x - view.min) / width);
    if (ring.y < (lowest.get(column)?.y ?? Infinity)) lowest.set(column, ring);
    if (ring.y > (highest.get(column)?.y ?? -Infinity)) highest.set(column, ring);
  }
  const kept = new Set([...lowest.values(), ...highest.values()]);
  return rings.filter((ring) => kept.has(ring));
}

/** Computes moves in the queue. Pure; the engine decides the resulting order. */
import type { DatasetSummary, Priority } from '../../../src-main/contract/index.ts';

export const priorities: readonly Priority[] = ['high', 'normal', 'low'];
export const priorityNames: Readonly<Record<Priority, string>> = {
  high: 'High',
  normal: 'Normal',
  low: 'Low',
};

export type Groups = { readonly [P in Priority]: readonly DatasetSummary[] };

/** Waiting datasets by priority, sorted by position. */
export function groupsOf(datasets: readonly DatasetSummary[]): Groups {
  const of = (priority: Priority): readonly DatasetSummary[] =>
    datasets
      .filter((dataset) => dataset.place === 'queue' && dataset.priority === priority)
      .sort((a, b) => a.position - b.position);
  return { high: of('high'), normal: of('normal'), low: of('low') };
}

/** Counts of the queue, shared by every place that shows them: will train automatically, held, needs a decision. */
export function queued(datasets: readonly Pick<DatasetSummary, 'place' | 'held' | 'verdict'>[]): {
  readonly waiting: number;
  readonly held: number;
  readonly undecided: number;
} {
  const all = datasets.filter((dataset) => dataset.place === 'queue');
  const undecided = all.filter((dataset) => dataset.verdict === 'needs_decision').length;
  const held = all.filter((dataset) => dataset.held && dataset.verdict !== 'needs_decision').length;
  return { waiting: all.length - undecided - held, held, undecided };
}

export interface Move {
  readonly id: string;
  readonly priority: Priority;
  /** The dataset that it is moved in front of; null for the end. */
  readonly before: string | null;
}

/** One position up or down, across priorities at their edges. null at the top or bottom of the queue. */
export function stepMove(groups: Groups, id: string, direction: 'up' | 'down'): Move | null {
  const priority = priorities.find((priority) =>
    groups[priority].some((dataset) => dataset.id === id),
  );
  if (priority === undefined) return null;
  const group = groups[priority];
  const at = group.findIndex((dataset) => dataset.id === id);
  if (direction === 'up') {
    const above = group[at - 1];
    if (above !== undefined) return { id, priority, before: above.id };
    const higher = priorities[priorities.indexOf(priority) - 1];
    return higher === undefined ? null : { id, priority: higher, before: null };
  }
  if (at < group.length - 1) return { id, priority, before: group[at + 2]?.id ?? null };
  const lower = priorities[priorities.indexOf(priority) + 1];
  return lower === undefined ? null : { id, priority: lower, before: groups[lower][0]?.id ?? null };
}

/** To the end of the next higher (`left`) or lower (`right`) priority. */
export function priorityMove(groups: Groups, id: string, direction: 'left' | 'right'): Move | null {
  const priority = priorities.find((priority) =>
    groups[priority].some((dataset) => dataset.id === id),
  );
  if (priority === undefined) return null;
  const next = priorities[priorities.indexOf(priority) + (direction === 'left' ? -1 : 1)];
  return next === undefined ? null : { id, priority: next, before: null };
}

/** Dropped before or after a row, or onto the heading of a priority. null when the order doesn't change. */
export function dropMove(
  groups: Groups,
  id: string,
  onto: { readonly priority: Priority; readonly id: string | null; readonly after: boolean },
): Move | null {
  if (onto.id === id) return null;
  const group = groups[onto.priority].filter((group) => group.id !== id);
  const at =
    onto.id === null
      ? 0
      : group.findIndex((dataset) => dataset.id === onto.id) + (onto.after ? 1 : 0);
  const before = group[at]?.id ?? null;
  const now = groups[onto.priority];
  const place = now.findIndex((dataset) => dataset.id === id);
  if (place !== -1 && (now[place + 1]?.id ?? null) === before) return null;
  return { id, priority: onto.priority, before };
}

/** Total time of the waiting datasets in seconds and their end; null while one of them has no estimate. */
export function wholeQueue(
  datasets: readonly DatasetSummary[],
  now: number,
): { readonly seconds: number; readonly ends: number } | null {
  const counted = datasets.filter(
    (dataset) =>
      dataset.place === 'processing' ||
      (dataset.place === 'queue' && !dataset.held && dataset.verdict !== 'needs_decision'),
  );
  const ends = counted.map((dataset) => dataset.ends_at).filter((entry) => entry !== null);
  if (counted.length === 0 || ends.length < counted.length) return null;
  const last = Math.max(...ends);
  return { seconds: Math.max(0, last - now), ends: last };
}

/** Where a dataset goes when it is moved. Pure; the engine has the last word. */
import type { DatasetSummary, Priority } from '../../../src-main/contract/index.ts';

export const priorities: readonly Priority[] = ['high', 'normal', 'low'];
export const priorityNames: Readonly<Record<Priority, string>> = {
  high: 'High',
  normal: 'Normal',
  low: 'Low',
};

export type Groups = { readonly [P in Priority]: readonly DatasetSummary[] };

/** What waits, by priority and position. */
export function groupsOf(datasets: readonly DatasetSummary[]): Groups {
  const of = (priority: Priority): readonly DatasetSummary[] =>
    datasets
      .filter((dataset) => dataset.place === 'queue' && dataset.priority === priority)
      .sort((a, b) => a.position - b.position);
  return { high: of('high'), normal: of('normal'), low: of('low') };
}

/** What is in the queue, counted once for every place that says it: what will train by itself, what is held, what needs the user. */
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
  /** The dataset that it is put in front of; null: the end. */
  readonly before: string | null;
}

/** One place up or down; over the edge of a priority it goes into the next one. Null where there is no further. */
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

/** Into the next higher (`left`) or lower (`right`) priority, at its end. */
export function priorityMove(groups: Groups, id: string, direction: 'left' | 'right'): Move | null {
  const priority = priorities.find((priority) =>
    groups[priority].some((dataset) => dataset.id === id),
  );
  if (priority === undefined) return null;
  const next = priorities[priorities.indexOf(priority) + (direction === 'left' ? -1 : 1)];
  return next === undefined ? null : { id, priority: next, before: null };
}

/** Dropped onto a row (in front of it or behind it) or onto the head of a priority. Null when nothing changes. */
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

/** Seconds that everything waiting takes, and when it is done; null while one of them has no estimate. */
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

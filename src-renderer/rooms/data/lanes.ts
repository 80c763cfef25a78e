/** The lanes of the drop overlay, one per priority. Pure. */
import type { DatasetSummary, Priority } from '../../../src-main/contract/index.ts';
import { clock, count } from '../../kit/format.ts';

export const LANES: readonly Priority[] = ['high', 'normal', 'low'];
export const LANE_NAMES: Readonly<Record<Priority, string>> = {
  high: 'High',
  normal: 'Normal',
  low: 'Low',
};

/** When a file in this lane would run, in two lines. */
export function laneFacts(
  lane: Priority,
  datasets: readonly DatasetSummary[],
  now: number,
): readonly [string, string] {
  const rank = LANES.indexOf(lane);
  const running = datasets.find((dataset) => dataset.place === 'processing');
  const before = datasets.filter(
    (dataset) =>
      dataset.place === 'queue' &&
      (lane === 'high' ? dataset.priority === 'high' : LANES.indexOf(dataset.priority) <= rank),
  );
  const held = before.filter((dataset) => dataset.held).length;
  const waiting = before.length - held;
  const what =
    waiting === 0
      ? lane === 'high'
        ? 'Runs next'
        : 'Queue is empty'
      : lane === 'low'
        ? 'After all others'
        : `After ${count(waiting)} queued`;
  const ends = [running, ...before.filter((dataset) => !dataset.held)].map((dataset) =>
    dataset === undefined ? now : dataset.ends_at,
  );
  const known = ends.filter((end) => end !== null);
  const start = known.length < ends.length ? null : Math.max(now, ...known);
  const when =
    start === null
      ? 'Start time unknown'
      : start - now < 60
        ? 'Starts after validation'
        : `Starts about ${clock(start, now)}`;
  return [what, held > 0 ? `${when}, ${count(held)} held` : when];
}

/** The curves of a range of steps, in at most as many buckets as asked for. Pure. */
import type { Curves, Marker } from '../../contract/index.ts';
import type { History } from './history.ts';
import { lastOfEach } from './points.ts';
import type { CurvesInput } from './types.ts';

export function curvesOf(
  history: Pick<History, 'points' | 'evaluations' | 'markers'>,
  branch: string,
  { keys, from, to, buckets, smoothing }: CurvesInput,
): Curves {
  const { points, evaluations, markers } = history;
  const start = from === null ? 0 : points.indexOf(from);
  const end = to === null ? points.length : points.indexOf(to + 1);
  const first = points.at(start)?.step ?? 0;
  const last = points.at(end - 1)?.step ?? first;
  const isInside = ({ step }: { readonly step: number }): boolean =>
    (from === null || step >= from) && (to === null || step <= to);
  const width = (last - first + 1) / buckets;
  return {
    branch,
    from: first,
    to: last,
    bucket_steps: Math.max(1, Math.ceil((end - start) / buckets)),
    curves: Object.fromEntries(keys.map((key) => [key, points.buckets(key, start, end, buckets)])),
    smoothed: points.smoothed(smoothing, start, end, buckets),
    evaluations: lastOfEach(evaluations.filter(isInside), first, width),
    markers: thinned(markers.filter(isInside), first, width),
  };
}

/** Checkpoints are frequent: the last one of each bucket is enough. */
function thinned(markers: readonly Marker[], first: number, width: number): Marker[] {
  const checkpoints = markers.filter((marker) => marker.kind === 'checkpoint');
  const kept = new Set(lastOfEach(checkpoints, first, width));
  return markers.filter((marker) => marker.kind !== 'checkpoint' || kept.has(marker));
}

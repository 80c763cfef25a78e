/**
 * The drawn curves as data: appended live points, the three horizontal axes, gaps, vertical range.
 * Pure.
 */
import {
  type Bucket,
  type CurveKey,
  type Curves,
  type MetricsNews,
  VALIDATION_DATASET,
  VALIDATION_FIXED,
} from '../../../src-main/contract/index.ts';

export type AxisKind = 'step' | 'time' | 'process';

const KEYS: readonly CurveKey[] = ['loss', 'lr', 'grad_norm', 'tokens_per_second', 'memory_mb'];

/** A curve with one more value: merged into the last bucket until it is full, then a new bucket. */
function appended(
  buckets: readonly Bucket[],
  point: { readonly step: number; readonly t: number },
  value: number,
  from: number,
  size: number,
): Bucket[] {
  const last = buckets[buckets.length - 1];
  if (last !== undefined && size > 1) {
    const inBucket = ((last[0] - from) % size) + 1;
    if (Math.floor((last[0] - from) / size) === Math.floor((point.step - from) / size))
      return [
        ...buckets.slice(0, -1),
        [
          point.step,
          point.t,
          Math.min(last[2], value),
          Math.max(last[3], value),
          (last[4] * inBucket + value) / (inBucket + 1),
        ],
      ];
  }
  return [...buckets, [point.step, point.t, value, value, value]];
}

/**
 * The next value of the debiased moving average. `step` counts from 1 at the branch's first step.
 */
export function smoothedNext(
  before: number | null,
  step: number,
  value: number,
  smoothing: number,
): number {
  if (before === null) return value;
  const biased = before * (1 - smoothing ** Math.max(1, step - 1));
  return (biased * smoothing + value * (1 - smoothing)) / (1 - smoothing ** Math.max(1, step));
}

/** Curves with live points appended. Points that are already drawn are skipped. */
export function withNews(curves: Curves, news: MetricsNews, smoothing: number): Curves {
  const size = Math.max(1, curves.bucket_steps);
  const fresh = news.points.filter((point) => point.step > curves.to);
  const next: Partial<Record<CurveKey, Bucket[]>> = { ...curves.curves };
  const smoothed = [...curves.smoothed];
  for (const point of fresh) {
    for (const key of KEYS)
      next[key] = appended(next[key] ?? [], point, point[key], curves.from, size);
    const last = smoothed[smoothed.length - 1];
    const value = smoothedNext(last?.[1] ?? null, point.step, point.loss, smoothing);
    const losses = next.loss ?? [];
    if (smoothed.length === losses.length) smoothed[smoothed.length - 1] = [point.step, value];
    else smoothed.push([point.step, value]);
  }
  const seen = new Set(curves.evaluations.map((evaluation) => evaluation.step));
  return {
    ...curves,
    to: fresh[fresh.length - 1]?.step ?? curves.to,
    curves: next,
    smoothed,
    evaluations: [
      ...curves.evaluations,
      ...news.evaluations.filter((evaluation) => !seen.has(evaluation.step)),
    ],
    markers: [...curves.markers, ...news.markers],
  };
}

/** A period without a running process, Unix seconds. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/**
 * The loss on validation rows of the dataset in training, or on the fixed validation set where it
 * has none. The readout and the gap use the same.
 */
export function validationOf(
  evaluation: Pick<Curves['evaluations'][number], 'core_loss' | 'slice_loss'>,
): number | null {
  return evaluation.slice_loss ?? evaluation.core_loss;
}

/** The same in the margin of the chart, which has room for two words. */
export const shortValidationName = (
  evaluation: Pick<Curves['evaluations'][number], 'slice_loss'>,
): string => (evaluation.slice_loss === null ? 'Fixed set' : 'This dataset');

/** Which of the two validation losses that is. */
export const validationName = (
  evaluation: Pick<Curves['evaluations'][number], 'slice_loss'> | undefined,
): string => (evaluation?.slice_loss == null ? VALIDATION_FIXED : VALIDATION_DATASET);

/** Gaps: the time between two buckets is far longer than their steps take. */
export function gapsOf(buckets: readonly Bucket[]): readonly Gap[] {
  const paces: number[] = [];
  const pairs: { from: number; to: number; steps: number }[] = [];
  for (let i = 1; i < buckets.length; i++) {
    const before = buckets[i - 1];
    const after = buckets[i];
    if (before === undefined || after === undefined) continue;
    const steps = Math.max(1, after[0] - before[0]);
    pairs.push({ from: before[1], to: after[1], steps });
    paces.push((after[1] - before[1]) / steps);
  }
  const pace = [...paces].sort((a, b) => a - b)[Math.floor(paces.length / 2)] ?? 0;
  return pairs
    .filter((pair) => pair.to - pair.from > Math.max(20, 8 * pace * pair.steps))
    .map((pair) => ({ from: pair.from, to: pair.to - pace * pair.steps }));
}

/** One horizontal axis: where a step that ended at time `t` is drawn. */
export interface Axis {
  readonly kind: AxisKind;
  readonly x: (step: number, t: number) => number;
  readonly gaps: readonly Gap[];
  readonly label: string;
}

export function axisOf(kind: AxisKind, buckets: readonly Bucket[]): Axis {
  if (kind === 'step') return { kind, x: (step) => step, gaps: [], label: 'step' };
  const gaps = gapsOf(buckets);
  if (kind === 'time') return { kind, x: (_step, t) => t, gaps, label: 'time' };
  const start = buckets[0]?.[1] ?? 0;
  const x = (_step: number, t: number): number =>
    t - start - gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(t, gap.to) - gap.from), 0);
  return { kind, x, gaps, label: 'process time' };
}

/** Index of the bucket whose step is nearest; −1 when there is none. */
export function nearest(
  buckets: readonly (readonly [number, ...number[]])[],
  step: number,
): number {
  let low = 0;
  let high = buckets.length - 1;
  if (high < 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((buckets[middle]?.[0] ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  const after = buckets[low]?.[0] ?? 0;
  const before = buckets[low - 1]?.[0];
  return before !== undefined && step - before < after - step ? low - 1 : low;
}

/** Index of the bucket that is drawn nearest to a position on the axis; −1 when there is none. */
export function nearestAt(buckets: readonly Bucket[], axis: Axis, x: number): number {
  const positionOf = (index: number): number => {
    const bucket = buckets[index];
    return bucket === undefined ? Infinity : axis.x(bucket[0], bucket[1]);
  };
  let low = 0;
  let high = buckets.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positionOf(middle) < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - positionOf(low - 1) < positionOf(low) - x ? low - 1 : low;
}

/** First step at or after a time; null when every bucket is newer, or every bucket is older. */
export function stepAtTime(buckets: readonly Bucket[], t: number): number | null {
  const first = buckets.findIndex((bucket) => bucket[1] >= t);
  return first <= 0 ? null : (buckets[first]?.[0] ?? null);
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))] ?? 0;

export interface LossRange {
  readonly low: number;
  readonly high: number;
  /** Visible buckets with values beyond the edge. */
  readonly above: number;
  readonly below: number;
  /** Buckets that a log scale can't show. */
  readonly notPositive: number;
}

/**
 * The range of the vertical axis: percentiles 1 to 99 of the visible raw values when clipped.
 * `always`: values that stay inside.
 */
export function lossRange(
  visible: readonly Bucket[],
  always: readonly number[],
  options: { readonly clip: boolean; readonly log: boolean },
): LossRange {
  const usable = (value: number): boolean => Number.isFinite(value) && (!options.log || value > 0);
  const lows = visible
    .map((bucket) => bucket[2])
    .filter(usable)
    .sort((a, b) => a - b);
  const highs = visible
    .map((bucket) => bucket[3])
    .filter(usable)
    .sort((a, b) => a - b);
  const inside = always.filter(usable);
  let low = Math.min(...inside, options.clip ? quantile(lows, 0.01) : (lows[0] ?? Infinity));
  let high = Math.max(
    ...inside,
    options.clip ? quantile(highs, 0.99) : (highs[highs.length - 1] ?? -Infinity),
  );
  if (!Number.isFinite(low) || !Number.isFinite(high))
    [low, high] = options.log ? [0.1, 1] : [0, 1];
  if (high - low < 1e-9)
    [low, high] = options.log ? [low * 0.9, high * 1.1] : [low - 0.05, high + 0.05];
  const margin = (high - low) * 0.05;
  const bottom = options.log ? low * 0.95 : Math.max(low > 0 ? 0 : -Infinity, low - margin);
  const top = options.log ? high * 1.05 : high + margin;
  return {
    low: bottom,
    high: top,
    above: visible.filter((bucket) => bucket[3] > top).length,
    below: visible.filter((bucket) => bucket[2] < bottom).length,
    notPositive: options.log ? visible.filter((bucket) => bucket[2] <= 0).length : 0,
  };
}

/** The data of the small charts. Pure. */
import type { Bucket, Curves } from '../../../src-main/contract/index.ts';
import { axis, count, norm, percent, rate } from '../../kit/format.ts';
import type { SmallSeries } from './small-configuration.ts';
import type { CurvePoint } from './thinning.ts';

/** A moving average over the drawn buckets, for noisy curves. */
function averaged(values: readonly CurvePoint[]): readonly CurvePoint[] {
  let sum = 0;
  let weight = 0;
  return values.map(([step, t, value]): CurvePoint => {
    sum = sum * 0.9 + value * 0.1;
    weight = weight * 0.9 + 0.1;
    return [step, t, sum / weight];
  });
}

function lineSeries(
  buckets: readonly Bucket[],
  scale: number,
  rest: Pick<SmallSeries, 'from' | 'to' | 'tick' | 'text' | 'limit'>,
  noisy: boolean,
): SmallSeries {
  const band = buckets.some((bucket) => bucket[3] > bucket[2]);
  const pick = (index: 2 | 3 | 4): CurvePoint[] =>
    buckets.map((bucket) => [bucket[0], bucket[1], bucket[index] * scale]);
  return {
    ...rest,
    hasRings: false,
    values: pick(4),
    smooth: noisy ? averaged(pick(4)) : null,
    low: band ? pick(2) : [],
    high: band ? pick(3) : [],
  };
}

/** Evaluations in percent. `to`: the end of the axis, null where it follows the values. */
function ringSeries(values: readonly CurvePoint[], to: number | null): SmallSeries {
  return {
    values,
    low: [],
    high: [],
    hasRings: true,
    smooth: null,
    from: 0,
    to,
    limit: null,
    tick: axis,
    text: (value) => percent(value),
  };
}

const toPercent = (fraction: number): number => fraction * 100;

export function smallSeriesOf(curves: Curves | null, memoryTotal: number | null) {
  const get = (key: keyof Curves['curves']): readonly Bucket[] => curves?.curves[key] ?? [];
  const evaluations = curves?.evaluations ?? [];
  const total = memoryTotal === null ? null : memoryTotal / 1024;
  return {
    lr: lineSeries(get('lr'), 1, { from: 0, to: null, tick: rate, text: rate, limit: null }, false),
    norm: lineSeries(
      get('grad_norm'),
      1,
      {
        from: 0,
        to: null,
        tick: (value) => value.toFixed(1),
        text: norm,
        limit: null,
      },
      true,
    ),
    speed: lineSeries(
      get('tokens_per_second'),
      1,
      {
        from: null,
        to: null,
        tick: axis,
        text: count,
        limit: null,
      },
      true,
    ),
    memory: lineSeries(
      get('memory_mb'),
      1 / 1024,
      {
        from: 0,
        to: total,
        tick: (value) => axis(value),
        text: (value) => value.toFixed(1),
        limit: total,
      },
      false,
    ),
    think: ringSeries(
      evaluations.flatMap((evaluation): CurvePoint[] =>
        evaluation.think === null
          ? []
          : [[evaluation.step, evaluation.t, toPercent(evaluation.think)]],
      ),
      null,
    ),
    exact: ringSeries(
      evaluations.flatMap((evaluation): CurvePoint[] =>
        evaluation.exact === null
          ? []
          : [[evaluation.step, evaluation.t, toPercent(evaluation.exact)]],
      ),
      100,
    ),
  };
}

/** The first step with the current learning rate. */
export function constantSince(buckets: readonly Bucket[]): number | null {
  const last = buckets[buckets.length - 1];
  if (last === undefined) return null;
  const changed = buckets.findLast(
    (bucket) => Math.abs(bucket[4] - last[4]) > 1e-12 * Math.abs(last[4]),
  );
  return changed === undefined ? (buckets[0]?.[0] ?? null) : changed[0] + 1;
}

/** The six small charts. */
import { useMemo, type ReactElement } from 'react';
import type { Bucket, Curves, Measured } from '../../../src-main/contract/index.ts';
import { useEngine, useLost, useRoom } from '../../engine/index.ts';
import { age, axis, count, duration, norm, percent, rate, UNKNOWN } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import type { ChartFrame } from './chart-frame.ts';
import styles from './dashboard.module.css';
import { at, FORGET_S, STALE_S } from './readouts.tsx';
import { SmallChart } from './small-chart.tsx';
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

function seriesOf(curves: Curves | null, memoryTotal: number | null) {
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
function constantSince(buckets: readonly Bucket[]): number | null {
  const last = buckets[buckets.length - 1];
  if (last === undefined) return null;
  const changed = buckets.findLast(
    (bucket) => Math.abs(bucket[4] - last[4]) > 1e-12 * Math.abs(last[4]),
  );
  return changed === undefined ? (buckets[0]?.[0] ?? null) : changed[0] + 1;
}

export function SmallCharts({
  curves,
  frame,
}: {
  readonly curves: Curves | null;
  readonly frame: ChartFrame | null;
}): ReactElement {
  const status = useRoom('status');
  const config = useRoom('config').values;
  const lost = useLost();
  const heard = useEngine((state) => state.heard);
  const now = useNowSeconds();
  const total = status.gpu === null ? null : status.gpu.memory_total_mb;
  const series = useMemo(() => seriesOf(curves, total), [curves, total]);

  const live = (measured: Measured, text: (value: number) => string, note: string) => {
    if (measured === null) return { value: UNKNOWN, note: 'no step yet', stale: false };
    const silent = lost || (status.state === 'recovering' && now - measured.t > STALE_S);
    if (!silent) return { value: text(measured.value), note, stale: false };
    const since = lost ? now - heard / 1000 : now - measured.t;
    return {
      value: since > FORGET_S ? UNKNOWN : text(measured.value),
      note: `last update ${age(since)}`,
      stale: true,
    };
  };
  const since = constantSince(curves?.curves.lr ?? []);
  const step =
    status.samples_per_second === null ||
    status.batch === null ||
    status.samples_per_second.value <= 0
      ? null
      : status.batch / status.samples_per_second.value;
  const monitoring =
    status.monitoring_percent === null ? null : `monitoring ${percent(status.monitoring_percent)}`;
  const memoryPoints = curves?.curves.memory_mb ?? [];
  const memoryNow = memoryPoints[memoryPoints.length - 1];
  const memory: Measured =
    memoryNow === undefined
      ? null
      : { step: memoryNow[0], t: memoryNow[1], value: memoryNow[4] / 1024 };
  const effective = config.batch_size * config.gradient_accumulation;
  const exact = status.exact_match;
  const think = status.think_tag_percent;
  return (
    <div className={styles.smallCharts}>
      <SmallChart
        name="Learning rate"
        unit={null}
        {...live(
          status.learning_rate,
          rate,
          since === null || status.learning_rate === null
            ? ''
            : since >= status.learning_rate.step
              ? 'changes every step'
              : `constant since ${count(since)}`,
        )}
        series={series.lr}
        frame={frame}
      />
      <SmallChart
        name="Gradient norm"
        unit={null}
        {...live(status.grad_norm, norm, `clipped at ${String(config.max_grad_norm)}`)}
        series={series.norm}
        frame={frame}
      />
      <SmallChart
        name="Tokens per second"
        unit={null}
        {...live(
          status.tokens_per_second,
          count,
          [step === null ? null : `${duration(step)} per step`, monitoring]
            .filter((part) => part !== null)
            .join(', '),
        )}
        series={series.speed}
        frame={frame}
      />
      <SmallChart
        name={status.gpu === null ? 'Trainer memory' : 'VRAM'}
        unit={total === null ? 'GB' : `of ${(total / 1024).toFixed(1)}\u00a0GB`}
        {...live(
          memory,
          (value) => value.toFixed(1),
          status.micro_batch === null
            ? `effective batch ${count(effective)}`
            : `micro-batch ${count(status.micro_batch)}, effective ${count(effective)}`,
        )}
        series={series.memory}
        frame={frame}
      />
      <SmallChart
        name="Think tags"
        unit={null}
        value={think === null ? UNKNOWN : percent(think.value)}
        note={think === null ? 'no evaluation yet' : at(think, now)}
        stale={lost}
        series={series.think}
        frame={frame}
      />
      <SmallChart
        name="Exact match"
        unit={null}
        value={exact === null || exact.n === 0 ? UNKNOWN : percent((exact.k / exact.n) * 100)}
        note={
          exact === null
            ? 'no evaluation yet'
            : `at ${count(exact.step)}, ${count(exact.k)} of ${count(exact.n)}`
        }
        stale={lost}
        series={series.exact}
        frame={frame}
      />
    </div>
  );
}

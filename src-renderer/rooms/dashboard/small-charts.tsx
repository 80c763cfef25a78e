/** The six small charts. */
import { useMemo, type ReactElement } from 'react';
import type { Curves, Measured } from '../../../src-main/contract/index.ts';
import { useEngine, useLost, useRoom } from '../../engine/index.ts';
import { age, count, duration, exactText, norm, percent, rate, UNKNOWN } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import type { ChartFrame } from './chart-frame.ts';
import styles from './dashboard.module.css';
import { at, FORGET_S, STALE_S } from './readouts.tsx';
import { SmallChart } from './small-chart.tsx';
import type { SmallSeries } from './small-configuration.ts';
import { constantSince, smallSeriesOf } from './small-series.ts';

/**
 * The text of a value that updates every step: stale after a while without updates, then unknown.
 */
function useLiveValue(): (
  measured: Measured,
  text: (value: number) => string,
  note: string,
) => { readonly value: string; readonly note: string; readonly stale: boolean } {
  const isRecovering = useRoom('status').state === 'recovering';
  const lost = useLost();
  const heard = useEngine((state) => state.heard);
  const now = useNowSeconds();
  return (measured, text, note) => {
    if (measured === null) return { value: UNKNOWN, note: 'no step yet', stale: false };
    const isSilent = lost || (isRecovering && now - measured.t > STALE_S);
    if (!isSilent) return { value: text(measured.value), note, stale: false };
    const since = lost ? now - heard / 1000 : now - measured.t;
    return {
      value: since > FORGET_S ? UNKNOWN : text(measured.value),
      note: `last update ${age(since)}`,
      stale: true,
    };
  };
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
  const live = useLiveValue();
  const total = status.gpu === null ? null : status.gpu.memory_total_mb;
  const series = useMemo(() => smallSeriesOf(curves, total), [curves, total]);

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
  // Of the pass that trains: a sample or a dataset that continues may have another batch size.
  const effective = status.batch ?? config.batch_size * config.gradient_accumulation;
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
      <EvaluationCharts think={series.think} exact={series.exact} frame={frame} />
    </div>
  );
}

/** Results of the evaluations, which update less often than every step. */
function EvaluationCharts({
  think: thinkSeries,
  exact: exactSeries,
  frame,
}: {
  readonly think: SmallSeries;
  readonly exact: SmallSeries;
  readonly frame: ChartFrame | null;
}): ReactElement {
  const status = useRoom('status');
  const lost = useLost();
  const now = useNowSeconds();
  const exact = status.exact_match;
  const think = status.think_tag_percent;
  return (
    <>
      <SmallChart
        name="Think tags"
        unit={null}
        value={think === null ? UNKNOWN : percent(think.value)}
        note={think === null ? 'no evaluation yet' : at(think, now)}
        stale={lost}
        series={thinkSeries}
        frame={frame}
      />
      <SmallChart
        name="Exact match"
        unit={null}
        value={exact === null || exact.n === 0 ? UNKNOWN : percent((exact.k / exact.n) * 100)}
        note={
          exact === null
            ? (status.missing?.exact_match ?? 'no evaluation yet')
            : `at ${count(exact.step)}, ${exactText(exact)}`
        }
        stale={lost}
        series={exactSeries}
        frame={frame}
      />
    </>
  );
}

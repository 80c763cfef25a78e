/** The last 24 hours as a strip, with totals. */
import { memo, useEffect, type ReactElement } from 'react';
import type { Activity } from '../../../src-main/contract/index.ts';
import { useAnswer, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, duration, plural, stems } from '../../kit/format.ts';
import { Strip, type StripBand, type StripName } from '../../kit/strip.tsx';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './dashboard.module.css';

const BAND_KINDS = {
  training: { kind: 'past', mark: null, text: 'training' },
  paused: { kind: 'pause', mark: 'pause', text: 'paused' },
  asleep: { kind: 'gap', mark: 'sleep', text: 'asleep' },
  down: { kind: 'gap', mark: null, text: 'not running' },
  idle: null,
} as const;

/** Spans as bands; the current dataset's running span is highlighted. */
export function bandsOf(activity: Activity, current: string | null): readonly StripBand[] {
  return activity.spans.flatMap((span) => {
    const band = BAND_KINDS[span.kind];
    if (band === null) return [];
    const isNow =
      span.kind === 'training' && span.dataset === current && activity.to - span.to < 120;
    return [
      {
        from: span.from,
        to: span.to,
        kind: isNow ? ('now' as const) : band.kind,
        mark: band.mark,
        title: `${span.dataset ?? band.text}, ${duration(span.to - span.from)}`,
      },
    ];
  });
}

/** One name for adjacent spans of the same dataset. */
export function namesOf(activity: Activity): readonly StripName[] {
  const names: StripName[] = [];
  const shortOf = stems(activity.spans.flatMap(({ dataset }) => dataset ?? []));
  for (const span of activity.spans) {
    if (span.dataset === null) continue;
    const last = names[names.length - 1];
    const text = shortOf(span.dataset);
    if (last?.text === text && span.from - last.to < 1800)
      names[names.length - 1] = { ...last, to: span.to };
    else names.push({ from: span.from, to: span.to, text, quiet: false });
  }
  return names.filter((name) => name.to - name.from > (activity.to - activity.from) * 0.02);
}

export const DayStrip = memo(function DayStrip(): ReactElement | null {
  const status = useRoom('status');
  const { answer, again } = useAnswer(
    `activity|${status.state}|${status.current_dataset?.id ?? ''}`,
    (engine) => engine.metrics.activity({ hours: 24 }),
  );
  useEffect(() => {
    const timer = setInterval(again, 60_000);
    return () => {
      clearInterval(timer);
    };
  }, [again]);
  if (answer === null) return <section className={styles.dayStrip} aria-label="Last 24 hours" />;
  const { totals } = answer;
  return (
    <section className={styles.dayStrip}>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.label}>Last 24 hours</h2>
        <p className={classNames(textStyles.caption, textStyles.number, styles.totals)}>
          <Fact value={duration(totals.training_s)} text="training" />
          {totals.paused_s > 0 ? <Fact value={duration(totals.paused_s)} text="paused" /> : null}
          {totals.asleep_s > 0 ? <Fact value={duration(totals.asleep_s)} text="asleep" /> : null}
          <Fact
            value={count(totals.datasets_done)}
            text={totals.datasets_done === 1 ? 'dataset done' : 'datasets done'}
          />
          {totals.recoveries > 0 ? (
            <span>
              <b>{count(totals.recoveries)}</b>{' '}
              {totals.recoveries === 1 ? 'recovery' : 'recoveries'},{' '}
              <b>{count(totals.steps_lost)}</b> {totals.steps_lost === 1 ? 'step' : 'steps'} lost
            </span>
          ) : null}
        </p>
      </div>
      <Strip
        from={answer.from}
        to={answer.to}
        bands={bandsOf(answer, status.current_dataset?.name ?? null)}
        names={namesOf(answer)}
        pins={answer.recoveries.map((recovery) => ({ t: recovery.t, title: recovery.label }))}
        label={`Last 24 hours: ${duration(totals.training_s)} training, ${duration(totals.paused_s)} paused, ${plural(totals.recoveries, 'recovery', 'recoveries')}`}
      />
    </section>
  );
});

function Fact({ value, text }: { readonly value: string; readonly text: string }): ReactElement {
  return (
    <span>
      <b>{value}</b> {text}
    </span>
  );
}

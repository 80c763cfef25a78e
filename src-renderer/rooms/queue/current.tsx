/** The current dataset, and the plan for the next twelve hours. */
import type { ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { useAnswer, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count, percent, rate, stems, UNKNOWN } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import { Strip, type StripBand, type StripName } from '../../kit/strip.tsx';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Parts, partsOf } from '../data/index.ts';
import { wholeQueue } from './queue-order.ts';
import { saveMarks } from './save-marks.ts';
import styles from './queue.module.css';

const HOURS = 12;

export function PlanStrip({
  datasets,
}: {
  readonly datasets: readonly DatasetSummary[];
}): ReactElement | null {
  const now = useNowSeconds();
  const speed = useRoom('status').tokens_per_second;
  const to = now + HOURS * 3600;
  const planned = datasets.filter(
    (dataset) =>
      (dataset.place === 'processing' || dataset.place === 'queue') &&
      dataset.ends_at !== null &&
      dataset.starts_at !== null &&
      dataset.starts_at < to,
  );
  if (planned.length === 0) return null;
  const bands = planned.map((dataset): StripBand => ({
    from: Math.max(now, dataset.starts_at ?? now),
    to: dataset.ends_at ?? now,
    kind: dataset.place === 'processing' ? 'now' : 'plan',
    mark: null,
    title: dataset.name,
  }));
  const shortOf = stems(bands.map(({ title }) => title));
  const names = bands
    .filter((band) => band.to - band.from > HOURS * 36)
    .map((band): StripName => ({
      from: band.from,
      to: band.to,
      text: shortOf(band.title),
      quiet: false,
    }));
  const whole = wholeQueue(datasets, now);
  const empty: readonly StripName[] =
    whole === null || whole.ends > to - 3600
      ? []
      : [{ from: whole.ends, to, text: `queue empty from ${clock(whole.ends, now)}`, quiet: true }];
  return (
    <section className={styles.plan}>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.label}>Next {HOURS} hours</h2>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {speed === null ? 'estimated' : `estimated from ${count(speed.value)} tokens/s`}
        </span>
      </div>
      <Strip
        from={now}
        to={to}
        bands={bands}
        names={[...names, ...empty]}
        pins={[]}
        label={`Next ${String(HOURS)} hours: ${planned.map((dataset) => dataset.name).join(', ')}`}
      />
    </section>
  );
}

export function Current({ dataset }: { readonly dataset: DatasetSummary }): ReactElement {
  const status = useRoom('status');
  const config = useRoom('config').values;
  const now = useNowSeconds();
  const { answer } = useAnswer(
    `${dataset.id}|${String(Math.floor((dataset.done_steps ?? 0) / 5))}`,
    (engine) => engine.datasets.get({ id: dataset.id }),
  );
  const done = status.step_of_dataset ?? dataset.done_steps ?? 0;
  const of = status.steps_of_dataset ?? dataset.planned_steps ?? 0;
  const before = (status.current_step ?? done) - done;
  const saved = Math.min(done, Math.max(0, (status.last_checkpoint_step ?? 0) - before));
  const share = of === 0 ? 0 : (done / of) * 100;
  const notches = saveMarks({
    before: status.steps_before_pass ?? 0,
    every: status.save_steps ?? config.save_steps,
    saved,
    steps: of,
  });
  const word = { paused: 'paused', stopped: 'stopped' }[status.state as string] ?? 'training';
  const epochs =
    status.epoch === null || config.epochs < 2
      ? null
      : `epoch ${rate(Math.min(config.epochs, Math.floor(status.epoch) + 1))} of ${count(config.epochs)}`;
  return (
    <section className={styles.current} aria-label="Current dataset">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <span className={layoutStyles.baseline}>
          <h2 className={classNames(textStyles.title, textStyles.ellipsis)} title={dataset.name}>
            {dataset.name}
          </h2>
          <span className={classNames(controlStyles.chip, controlStyles.accentChip)}>{word}</span>
        </span>
        <span className={classNames(textStyles.number, textStyles.secondary)}>
          {[
            epochs,
            `step ${count(done)} of ${of === 0 ? UNKNOWN : count(of)}`,
            `saved to ${count(saved)}`,
            dataset.ends_at === null ? null : `finishes at ${clock(dataset.ends_at, now)}`,
          ]
            .filter((part) => part !== null)
            .join(', ')}
        </span>
      </div>
      <div
        className={classNames(controlStyles.progressBar, styles.withCheckpoints)}
        role="progressbar"
        aria-label={`Progress of ${dataset.name}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 10) / 10}
        aria-valuetext={percent(share)}
      >
        <i className={controlStyles.unsavedPart} style={{ width: `${String(share)}%` }} />
        <i style={{ width: `${String(of === 0 ? 0 : (saved / of) * 100)}%` }} />
        {notches.map((x) => (
          <u key={x} style={{ left: `${String(x)}%` }} />
        ))}
      </div>
      {answer?.account == null ? null : (
        <Parts
          parts={partsOf(answer.account)}
          label={`${count(answer.account.rows)} rows, all accounted for`}
        />
      )}
    </section>
  );
}

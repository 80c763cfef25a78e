/** Crashes and hangs: time, category and cost; expanded: meaning, recovery, and the end of the log. */
import type { ReactElement } from 'react';
import { crashTable, type CrashReport } from '../../../src-main/contract/index.ts';
import { useAnswer, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count, duration, plural, UNKNOWN } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './health.module.css';

const DAYS = 30;

const lostText = ({ steps_lost: lost }: CrashReport): string =>
  lost === null ? UNKNOWN : `${plural(lost, 'step')} lost`;

function summary(crashes: readonly CrashReport[]): string {
  const lost = crashes.reduce((sum, crash) => sum + (crash.steps_lost ?? 0), 0);
  const seconds = crashes.reduce((sum, crash) => sum + (crash.seconds ?? 0), 0);
  return `${count(crashes.length)} in ${String(DAYS)} days, ${plural(lost, 'step')} lost, ${duration(seconds)} downtime in total`;
}

/** The recovery in one sentence. */
function outcome(crash: CrashReport): string {
  if (crash.seconds === null) return 'Training did not restart automatically.';
  const from =
    crash.resumed_from === null ? 'the last checkpoint' : `step ${count(crash.resumed_from)}`;
  return `Training resumed after ${duration(crash.seconds)} from ${from}.`;
}

function Crash({ crash }: { readonly crash: CrashReport }): ReactElement {
  const now = useNowSeconds();
  const known = crashTable.get(crash.category);
  return (
    <details className={styles.crash}>
      <summary>
        <time>{clock(crash.t, now)}</time>
        <span className={classNames(textStyles.mono, textStyles.ellipsis)}>{crash.category}</span>
        <span
          className={classNames(textStyles.ellipsis, textStyles.secondary)}
          title={crash.dataset ?? undefined}
        >
          {crash.dataset ?? ''}
        </span>
        <span className={classNames(styles.figure, textStyles.number)}>{lostText(crash)}</span>
        <span className={classNames(styles.figure, textStyles.number)}>
          {crash.seconds === null ? UNKNOWN : duration(crash.seconds)}
        </span>
      </summary>
      <div className={styles.crashDetails}>
        <div>
          <p>
            {known === undefined ? crash.message : `${capital(known.meaning)}. ${known.suggestion}`}
          </p>
          <p className={textStyles.secondary}>
            {crash.step === null ? '' : `Crashed at step ${count(crash.step)}. `}
            {outcome(crash)}
          </p>
          {crash.rows.length === 0 ? null : (
            <p className={textStyles.secondary}>
              {plural(crash.rows.length, 'row')} in the batch: {crash.rows.slice(0, 20).join(', ')}
            </p>
          )}
          <p className={classNames(textStyles.caption, textStyles.mono)}>{crash.run}</p>
        </div>
        {crash.log.length === 0 ? (
          <p className={textStyles.caption}>The log is no longer available.</p>
        ) : (
          <pre
            className={classNames(controlStyles.codeBlock, textStyles.mono)}
            tabIndex={0}
            role="region"
            aria-label="Last lines of the trainer log"
          >
            {crash.log.join('\n')}
          </pre>
        )}
      </div>
    </details>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function Crashes(): ReactElement {
  const [newest] = useRoom('journal').filter((entry) => entry.what.startsWith('trainer.'));
  const { answer } = useAnswer(`crashes|${newest?.id ?? ''}`, (engine) =>
    engine.health.crashes({ days: DAYS }),
  );
  return (
    <section aria-labelledby="health-crashes">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.label} id="health-crashes">
          Crashes and hangs
        </h2>
        {answer === null || answer.length === 0 ? null : (
          <span className={classNames(textStyles.caption, textStyles.number)}>
            {summary(answer)}
          </span>
        )}
      </div>
      {answer?.length === 0 ? (
        <p className={classNames(textStyles.secondary, styles.empty)}>
          No crashes or hangs in {DAYS} days.
        </p>
      ) : (
        answer?.map((entry) => <Crash key={`${entry.run}${String(entry.t)}`} crash={entry} />)
      )}
    </section>
  );
}

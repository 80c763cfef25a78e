/** The newest entries of the journal. */
import { memo, type ReactElement } from 'react';
import type { JournalEntry, Screen } from '../../../src-main/contract/index.ts';
import { useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock, count } from '../../kit/format.ts';
import { Mark, type MarkName } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import dashboardStyles from './dashboard.module.css';
import styles from './events.module.css';

const MARKS: readonly (readonly [RegExp, MarkName])[] = [
  [/gave_up|failed|failure|refused/, 'failure'],
  [/restart|recover|hang|memory|adopt/, 'recovery'],
  [/^versions/, 'version'],
  [/checkpoint|save/, 'checkpoint'],
  [/^metrics|eval/, 'evaluation'],
  [/preview/, 'preview'],
  [/pause|resume|stop|hold/, 'pause'],
  [/^config/, 'config'],
  [/sleep/, 'sleep'],
  [/^(queue|datasets|setup)/, 'dataset'],
];

const SCREENS: readonly (readonly [RegExp, Screen])[] = [
  [/^(versions|restore|lineage|backups|checkpoints)/, 'models'],
  [/^(config|setup|estimate)/, 'config'],
  [/^(datasets|notices)/, 'data'],
  [/^queue/, 'queue'],
  [/^(trainer|engine|disk|machine)/, 'health'],
];

/** The screen that shows more about a journal entry. */
export function screenOf(entry: Pick<JournalEntry, 'what'>): Screen {
  return SCREENS.find(([pattern]) => pattern.test(entry.what))?.[1] ?? 'logs';
}

/** The mark of a journal entry, the same as on charts. */
export function markOf(entry: Pick<JournalEntry, 'what'>): MarkName {
  return MARKS.find(([pattern]) => pattern.test(entry.what))?.[1] ?? 'config';
}

const TONES: Partial<Record<MarkName, string>> = {
  recovery: 'warning',
  failure: 'failure',
};

export const Events = memo(function Events(): ReactElement {
  const journal = useRoom('journal');
  const now = useNowSeconds();
  const newest = journal[0];
  const today =
    newest !== undefined && new Date(newest.t * 1000).getDate() === new Date(now * 1000).getDate();
  return (
    <section className={dashboardStyles.events} aria-label="Events">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.label}>Events</h2>
        <span className={textStyles.caption}>
          {newest === undefined ? '' : today ? 'Today' : clock(newest.t, now)}
        </span>
      </div>
      {newest === undefined ? (
        <p className={textStyles.secondary}>No events yet.</p>
      ) : (
        <ol className={styles.list} tabIndex={0} aria-label="Events, newest first">
          {journal.slice(0, 40).map((entry) => {
            const mark = markOf(entry);
            return (
              <li key={entry.id}>
                <time dateTime={new Date(entry.t * 1000).toISOString()}>{clock(entry.t, now)}</time>
                <span className={textStyles[TONES[mark] ?? 'secondary']}>
                  <Mark name={mark} />
                </span>
                <a
                  className={classNames(styles.link, layoutStyles.grow, textStyles.ellipsis)}
                  href={`#/${screenOf(entry)}`}
                  title={entry.text}
                >
                  {entry.text}
                </a>
                <span className={classNames(textStyles.number, textStyles.tertiary)}>
                  {entry.step === null ? '' : count(entry.step)}
                </span>
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
});

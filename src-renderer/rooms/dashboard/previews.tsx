/** The newest preview, earlier ones, and how many of the last twenty match the expected answer. */
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { memo, useState, type ReactElement } from 'react';
import type { MonitoringSkip, Preview } from '../../../src-main/contract/index.ts';
import { useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { age, count, duration, percent, plural } from '../../kit/format.ts';
import { Glyph, Mark } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { splitThinking } from '../../kit/thinking.ts';
import { AnswersButton } from './answers-button.tsx';
import dashboardStyles from './dashboard.module.css';
import styles from './previews.module.css';

function Generated({ preview }: { readonly preview: Preview }): ReactElement {
  const [open, setOpen] = useState(false);
  const { think, answer } = splitThinking(preview.produced);
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <dd>
      {think === null ? null : (
        <>
          <button
            type="button"
            className={styles.fold}
            aria-expanded={open}
            onClick={() => {
              setOpen(!open);
            }}
          >
            <Chevron aria-hidden="true" />
            think block, {plural(think.split(/\s+/).length, 'word')}
          </button>
          {open ? (
            <p className={classNames(textStyles.secondary, textStyles.preserveLines)}>{think}</p>
          ) : null}
        </>
      )}
      <span className={textStyles.preserveLines}>{answer === '' ? '(empty)' : answer}</span>
      {preview.finished ? null : (
        <p className={textStyles.caption}>
          truncated at the limit of {plural(preview.tokens, 'token')}
        </p>
      )}
    </dd>
  );
}

/** An answer that a limit cut off is neither right nor wrong. */
const verdictOf = ({ matches, finished }: Preview): string =>
  matches ? 'matches' : finished ? 'differs' : 'unfinished';

/** `fixed set, `; empty for previews of earlier versions. */
const sourceText = ({ source }: Preview): string =>
  source == null ? '' : source === 'fixed' ? 'fixed set, ' : 'this dataset, ';

const skippedText = (skipped: MonitoringSkip | null): string | null =>
  skipped === null
    ? null
    : `The preview at step ${count(skipped.step)} was skipped: monitoring took ${percent(skipped.percent)} of the time, the limit is ${percent(skipped.limit)}.`;

const short = (text: string): string => splitThinking(text).answer.trim().replace(/\s+/g, ' ');

export const Previews = memo(function Previews(): ReactElement {
  const previews = useRoom('previews');
  const now = useNowSeconds();
  const skipped = useRoom('status').preview_skipped ?? null;
  const newest = previews[0];
  if (newest === undefined)
    return (
      <section className={dashboardStyles.previews} aria-label="Previews">
        <h2 className={textStyles.label}>Latest preview</h2>
        <p className={textStyles.secondary}>
          {skippedText(skipped) ?? 'No preview yet. The first one comes with the first evaluation.'}
        </p>
      </section>
    );
  const matching = previews.filter((preview) => preview.matches).length;
  return (
    <section className={dashboardStyles.previews} aria-label="Previews">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.label}>Latest preview</h2>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {sourceText(newest)}step {count(newest.step)}, {age(now - newest.t)},{' '}
          {duration(newest.seconds)}
        </span>
      </div>
      <dl className={styles.preview} tabIndex={0} aria-label="Latest preview">
        <dt>{newest.rendered == null ? 'Prompt' : 'Prompt, as the model reads it'}</dt>
        <dd className={textStyles.preserveLines}>{newest.rendered ?? newest.prompt}</dd>
        <dt>Expected</dt>
        <dd className={textStyles.preserveLines}>{short(newest.expected)}</dd>
        <dt className={classNames(layoutStyles.row, layoutStyles.spaceBetween)}>
          Generated
          <span className={classNames(styles.verdict, newest.matches && textStyles.success)}>
            {newest.matches ? <Glyph name="done" /> : <Mark name="failure" />}
            {verdictOf(newest)}
          </span>
        </dt>
        <Generated key={newest.t} preview={newest} />
      </dl>
      {skipped === null ? null : <p className={textStyles.caption}>{skippedText(skipped)}</p>}
      <ul className={styles.earlier}>
        {previews.slice(1, 4).map((preview) => (
          <li key={`${String(preview.step)}-${String(preview.row)}`}>
            <span className={classNames(styles.step, textStyles.number)}>
              {count(preview.step)}
            </span>
            <span
              className={classNames(
                preview.matches ? textStyles.success : textStyles.secondary,
                styles.verdictGlyph,
              )}
            >
              {preview.matches ? <Glyph name="done" /> : <Mark name="failure" />}
              <span className={textStyles.visuallyHidden}>{verdictOf(preview)}</span>
            </span>
            <span
              className={classNames(layoutStyles.grow, textStyles.ellipsis)}
              title={preview.prompt}
            >
              {preview.prompt}
            </span>
            <span
              className={classNames(textStyles.ellipsis, styles.answer, textStyles.secondary)}
              title={preview.produced}
            >
              {preview.matches
                ? short(preview.produced)
                : `${short(preview.produced)}, expected ${short(preview.expected)}`}
            </span>
          </li>
        ))}
      </ul>
      <div className={classNames(layoutStyles.row, layoutStyles.spaceBetween, styles.footer)}>
        <span className={textStyles.caption}>Last {plural(previews.length, 'preview')}</span>
        <AnswersButton />
        <span className={classNames(layoutStyles.row, textStyles.caption, textStyles.number)}>
          <span
            className={styles.tally}
            role="img"
            aria-label={`${String(matching)} of the last ${String(previews.length)} previews match`}
          >
            {previews.map((preview) => (
              <i
                key={`${String(preview.step)}-${String(preview.row)}`}
                className={preview.matches ? styles.matching : undefined}
              />
            ))}
          </span>
          {count(matching)} match
        </span>
      </div>
    </section>
  );
});

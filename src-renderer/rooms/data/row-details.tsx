/** One row: rendered with the loss mask, and raw. */
import type { ReactElement } from 'react';
import type { RowDetails } from '../../../src-main/contract/index.ts';
import { useAnswer } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { bytes, count, plural } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { stateWord } from './row-list.tsx';
import styles from './rows.module.css';
import { HighlightedSpan, reasonWord } from './samples.tsx';
import tokensStyles from './tokens.module.css';

export function RowPane({
  id,
  row,
  stamp,
}: {
  readonly id: string;
  readonly row: number;
  readonly stamp: string;
}): ReactElement {
  const { answer } = useAnswer(`${id}|${String(row)}|${stamp}`, (engine) =>
    engine.datasets.row({ id, row }),
  );
  return (
    <div className={styles.details} role="region" aria-label={`Row ${String(row)}`} tabIndex={0}>
      {answer === null ? null : <RowContent details={answer} />}
    </div>
  );
}

function RowContent({ details }: { readonly details: RowDetails }): ReactElement {
  const { examples, raw } = details;
  const tokens = examples.reduce((sum, example) => sum + example.tokens, 0);
  const trained = examples.reduce((sum, example) => sum + example.trained_tokens, 0);
  const facts = [
    stateWord(details),
    details.truncated ? 'truncated' : null,
    tokens === 0 ? null : `${plural(tokens, 'token')}, ${count(trained)} with loss`,
    examples.length > 1 ? `${count(examples.length)} examples` : null,
  ].filter((part) => part !== null);
  return (
    <>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h3 className={classNames(textStyles.label, textStyles.number)}>
          Row {count(details.row)}
        </h3>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {facts.join(', ')}
        </span>
      </div>
      {details.message === null ? null : (
        <p className={textStyles.caption}>
          <b className={textStyles.failure}>{reasonWord(details.reason ?? '')}:</b>{' '}
          {details.message}
        </p>
      )}
      {examples.map((example, index) => (
        <div key={String(index)} className={styles.part}>
          <h4 className={textStyles.caption}>
            Rendered with loss mask
            {examples.length === 1
              ? ''
              : `, example ${count(index + 1)} of ${count(examples.length)}, ${plural(example.tokens, 'token')}`}
          </h4>
          <pre
            className={classNames(tokensStyles.text, textStyles.mono, styles.fullText)}
            tabIndex={0}
            aria-label={`Text of example ${String(index + 1)}`}
          >
            {example.spans.map((span, at) => (
              <HighlightedSpan key={`${String(at)}${span.text}`} {...span} />
            ))}
          </pre>
          {example.cut ? <p className={textStyles.caption}>Only the start is shown.</p> : null}
        </div>
      ))}
      {details.examples.length === 0 && details.state !== 'rejected' ? (
        <p className={textStyles.caption}>No tokens yet: the file is not ready.</p>
      ) : null}
      <div className={styles.part}>
        <h4 className={classNames(textStyles.caption, textStyles.number)}>
          Raw row{raw === null ? '' : `, ${bytes(raw.bytes)}${raw.cut ? ', start only' : ''}`}
        </h4>
        {raw === null ? (
          <p className={textStyles.caption}>
            The raw row was not stored when this file was validated.
          </p>
        ) : (
          <pre
            className={classNames(controlStyles.codeBlock, textStyles.mono)}
            tabIndex={0}
            aria-label="Raw row"
          >
            {raw.text === '' ? '(an empty line)' : raw.text}
          </pre>
        )}
      </div>
    </>
  );
}

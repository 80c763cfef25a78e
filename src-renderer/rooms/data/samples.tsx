/**
 * Sample rows rendered with the chat template, tokens with loss highlighted; and rejected rows with
 * the reason.
 */
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, percent, plural } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './report.module.css';
import tokensStyles from './tokens.module.css';

/** Special tokens of the chat template are dimmed, tokens with loss are highlighted. */
export function HighlightedSpan({
  text,
  trained,
}: {
  readonly text: string;
  readonly trained: boolean;
}): ReactElement {
  const parts = text.split(/(<\|[^|]*\|>)/);
  const inside = parts.map((part, index) =>
    index % 2 === 1 ? (
      <span
        key={`${String(index)}${part}`}
        className={trained ? textStyles.secondary : textStyles.tertiary}
      >
        {part}
      </span>
    ) : (
      part
    ),
  );
  return trained ? <mark>{inside}</mark> : <>{inside}</>;
}

export function RenderedSamples({
  report,
}: {
  readonly report: DatasetReport;
}): ReactElement | null {
  const [at, setAt] = useState(0);
  const sample = report.samples[Math.min(at, report.samples.length - 1)];
  if (sample === undefined) return null;
  const of = report.samples.length;
  return (
    <div>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h3 className={textStyles.label}>Rendered with chat template</h3>
        <span className={classNames(layoutStyles.row, textStyles.caption, textStyles.number)}>
          row {count(sample.row)}
          <button
            type="button"
            className={controlStyles.iconButton}
            aria-label="Previous row"
            disabled={at === 0}
            onClick={() => {
              setAt(at - 1);
            }}
          >
            <IconChevronLeft aria-hidden="true" />
          </button>
          <button
            type="button"
            className={controlStyles.iconButton}
            aria-label="Next row"
            disabled={at >= of - 1}
            onClick={() => {
              setAt(at + 1);
            }}
          >
            <IconChevronRight aria-hidden="true" />
          </button>
        </span>
      </div>
      <pre
        className={classNames(tokensStyles.text, textStyles.mono)}
        tabIndex={0}
        aria-label={`Row ${String(sample.row)} rendered with the chat template`}
      >
        {sample.spans.map((span, index) => (
          <HighlightedSpan key={`${String(index)}${span.text}`} {...span} />
        ))}
      </pre>
      <p className={classNames(textStyles.caption, textStyles.number, layoutStyles.row)}>
        <span className={styles.swatch} />
        {report.trained_token_share === null
          ? 'counts toward the loss'
          : `${percent(report.trained_token_share * 100)} of tokens count toward the loss`}
      </p>
    </div>
  );
}

/** Reasons of the intake worker as text; an unknown one is shown as it is. */
const REASONS: Readonly<Record<string, string>> = {
  not_json: 'Not JSON',
  not_an_object: 'Not an object',
  not_utf8: 'Not UTF-8',
  line_too_long: 'Line too long',
  no_answer: 'No response',
  empty_answer: 'Empty response',
  empty_text: 'Empty text',
  unknown_columns: 'Unknown columns',
  role_not_rendered: 'Role not in template',
  mixed_format: 'Mixed formats',
  over_length: 'Too long',
  answer_lost: 'Response truncated',
  template_error: 'Template error',
  wrong_type: 'Wrong type',
  not_for_training: 'Marked as not for training',
  unsupported_weight: 'Unsupported weight',
  not_text: 'Not text',
  field_twice: 'Field named twice',
  unreadable: 'Could not be read',
};
export const reasonWord = (reason: string): string =>
  REASONS[reason] ?? reason.replaceAll('_', ' ');

export function Rejected({ report }: { readonly report: DatasetReport }): ReactElement | null {
  const kinds = Object.entries(report.rejected.by_reason);
  const [reason, setReason] = useState<string | null>(null);
  const [row, setRow] = useState<number | null>(null);
  const first = kinds[0];
  if (first === undefined) return null;
  const chosen = kinds.find(([name]) => name === reason) ?? first;
  const rows = report.rejected.first.filter((row) => row.reason === chosen[0]);
  const shown = rows.find((rejected) => rejected.row === row) ?? rows[0];
  const more = chosen[1] - rows.length;
  return (
    <div className={styles.rejectedRows}>
      <h3 className={textStyles.label}>Rejected rows</h3>
      <div
        className={classNames(controlStyles.tabs, textStyles.number)}
        role="tablist"
        aria-label="Reason"
      >
        {kinds.map(([name, n]) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={name === chosen[0]}
            onClick={() => {
              setReason(name);
              setRow(null);
            }}
          >
            {reasonWord(name)} {count(n)}
          </button>
        ))}
      </div>
      <div className={classNames(styles.rowNumbers, textStyles.number)}>
        {rows.slice(0, 8).map((row) => (
          <button
            key={row.row}
            type="button"
            aria-pressed={row === shown}
            aria-label={`Row ${String(row.row)}`}
            onClick={() => {
              setRow(row.row);
            }}
          >
            {count(row.row)}
          </button>
        ))}
        {more + Math.max(0, rows.length - 8) > 0 ? (
          <span className={textStyles.tertiary}>
            {count(more + Math.max(0, rows.length - 8))} more
          </span>
        ) : null}
      </div>
      {shown === undefined ? (
        <p className={textStyles.caption}>
          {plural(chosen[1], 'row')}; the report has no examples.
        </p>
      ) : (
        <>
          <pre
            className={classNames(controlStyles.codeBlock, textStyles.mono)}
            tabIndex={0}
            aria-label={`Text of row ${String(shown.row)}`}
          >
            {shown.text === '' ? '(an empty line)' : shown.text}
          </pre>
          <p className={textStyles.caption}>
            <b className={textStyles.failure}>Row {count(shown.row)}:</b>{' '}
            {shown.message.replace(/^Row [\d,]+:\s*/, '')}
          </p>
        </>
      )}
    </div>
  );
}

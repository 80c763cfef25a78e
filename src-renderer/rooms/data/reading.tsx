/** Rows as the model reads them: trained tokens are tinted. And the rows that cannot be read. */
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, percent, plural } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';

/** Markers of the chat template are quieter than the text. */
export function Tinted({
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

export function Reading({ report }: { readonly report: DatasetReport }): ReactElement | null {
  const [at, setAt] = useState(0);
  const sample = report.samples[Math.min(at, report.samples.length - 1)];
  if (sample === undefined) return null;
  const of = report.samples.length;
  return (
    <div className="chat">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h3 className={textStyles.label}>As the model reads it</h3>
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
        className={classNames('tok', textStyles.mono)}
        tabIndex={0}
        aria-label={`Row ${String(sample.row)} as the model reads it`}
      >
        {sample.spans.map((piece, index) => (
          <Tinted key={`${String(index)}${piece.text}`} {...piece} />
        ))}
      </pre>
      <p className={classNames(textStyles.caption, textStyles.number, layoutStyles.row)}>
        <span className="swatch" />
        trained
        {report.trained_token_share === null
          ? ''
          : `: ${percent(report.trained_token_share * 100)} of all tokens of the file`}
      </p>
    </div>
  );
}

/** Reasons of the worker in words; an unknown one is shown as it is. */
const reasons: Readonly<Record<string, string>> = {
  not_json: 'Not JSON',
  not_an_object: 'Not a record',
  not_utf8: 'Not UTF-8',
  line_too_long: 'Line too long',
  no_answer: 'No answer',
  empty_answer: 'Empty answer',
  empty_text: 'Empty text',
  unknown_columns: 'Unknown columns',
  role_not_rendered: 'Role not rendered',
  mixed_format: 'Other format',
  over_length: 'Too long',
  answer_lost: 'Answer cut off',
  template_error: 'Template error',
  wrong_type: 'Wrong type',
};
export const reasonWord = (reason: string): string =>
  reasons[reason] ?? reason.replaceAll('_', ' ');

export function Rejected({ report }: { readonly report: DatasetReport }): ReactElement | null {
  const kinds = Object.entries(report.rejected.by_reason);
  const [reason, setReason] = useState<string | null>(null);
  const [row, setRow] = useState<number | null>(null);
  const first = kinds[0];
  if (first === undefined) return null;
  const chosen = kinds.find(([name]) => name === reason) ?? first;
  const rows = report.rejected.first.filter((row) => row.reason === chosen[0]);
  const shown = rows.find((entry) => entry.row === row) ?? rows[0];
  const more = chosen[1] - rows.length;
  return (
    <div className="bad">
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
      <div className={classNames('rowsel', textStyles.number)}>
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
          {plural(chosen[1], 'row')}; none of them is kept in the report.
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

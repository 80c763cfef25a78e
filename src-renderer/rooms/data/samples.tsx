/** Sample rows rendered with the chat template, tokens with loss highlighted; and rejected rows with the reason. */
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import { count, percent, plural } from '../../kit/format.ts';

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
      <span key={`${String(index)}${part}`} className={trained ? 't2' : 't3'}>
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
    <div className="chat">
      <div className="base sp">
        <h3 className="label">Rendered with chat template</h3>
        <span className="row micro num">
          row {count(sample.row)}
          <button
            type="button"
            className="iconb"
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
            className="iconb"
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
        className="tok mono"
        tabIndex={0}
        aria-label={`Row ${String(sample.row)} rendered with the chat template`}
      >
        {sample.spans.map((span, index) => (
          <HighlightedSpan key={`${String(index)}${span.text}`} {...span} />
        ))}
      </pre>
      <p className="micro num row">
        <span className="swatch" />
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
  const shown = rows.find((entry) => entry.row === row) ?? rows[0];
  const more = chosen[1] - rows.length;
  return (
    <div className="bad">
      <h3 className="label">Rejected rows</h3>
      <div className="tabs num" role="tablist" aria-label="Reason">
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
      <div className="rowsel num">
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
          <span className="t3">{count(more + Math.max(0, rows.length - 8))} more</span>
        ) : null}
      </div>
      {shown === undefined ? (
        <p className="micro">{plural(chosen[1], 'row')}; the report has no examples.</p>
      ) : (
        <>
          <pre className="well mono" tabIndex={0} aria-label={`Text of row ${String(shown.row)}`}>
            {shown.text === '' ? '(an empty line)' : shown.text}
          </pre>
          <p className="micro">
            <b className="fail">Row {count(shown.row)}:</b>{' '}
            {shown.message.replace(/^Row [\d,]+:\s*/, '')}
          </p>
        </>
      )}
    </div>
  );
}

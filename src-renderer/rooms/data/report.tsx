/** The report of one file: verdict, what can be decided, rows, lengths, rejected rows, the rows as the model reads them. */
import { Button, SegmentedControl } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import type {
  DatasetDetails,
  DatasetReport,
  DatasetSummary,
} from '../../../src-main/contract/index.ts';
import { command, useAnswer, useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { bytes, count, duration, percent, plural } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Parts, partsOf, type Part } from './account.tsx';
import { Histogram } from './histogram.tsx';
import { Mapping } from './mapping.tsx';
import { OverLong } from './over-long.tsx';
import { Reading, Rejected } from './reading.tsx';
import { Repeats } from './repeats.tsx';
import { Rows } from './rows.tsx';
import { useUploads } from './uploads.ts';
import { verdictDisplay } from './verdict.ts';

/** Of one token: four bytes of id, one of label. */
const CACHE_BYTES = 5;

/** Parts of a report before training: what was accepted and what not. */
export function reportParts(report: DatasetReport): readonly Part[] {
  const held = report.held_out.core + report.held_out.slice + report.held_out.duplicates;
  const all: readonly Part[] = [
    { name: 'to train', rows: report.trained_rows, look: 'n3' },
    { name: 'held out for validation', rows: held, look: 'n1' },
    { name: 'rejected', rows: report.rejected.total, look: 'fail' },
  ];
  return all.filter((part) => part.rows > 0);
}

function AcceptChoice({
  summary,
  report,
}: {
  readonly summary: DatasetSummary;
  readonly report: DatasetReport;
}): ReactElement {
  const lost = useLost();
  const good = report.accepted;
  return (
    <div className="choice">
      <table>
        <thead>
          <tr>
            <th>If you</th>
            <th className={tableStyles.numberCell}>Rows accepted</th>
            <th className={tableStyles.numberCell}>Rows lost</th>
            <th className={tableStyles.numberCell}>Steps</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td className={textStyles.strong}>Accept the good rows</td>
            <td className={tableStyles.numberCell}>{count(good)}</td>
            <td className={tableStyles.numberCell}>{count(report.rejected.total)}</td>
            <td className={tableStyles.numberCell}>{count(report.planned_steps)}</td>
          </tr>
          <tr>
            <td className={textStyles.strong}>Correct the file and drop it again</td>
            <td className={tableStyles.numberCell}>{count(report.rows)}</td>
            <td className={tableStyles.numberCell}>0</td>
            <td className={classNames(tableStyles.numberCell, textStyles.tertiary)}>
              known after validation
            </td>
          </tr>
        </tbody>
      </table>
      <div className={classNames(layoutStyles.row, 'cact')}>
        <Button
          variant="filled"
          disabled={lost || good === 0}
          onClick={() => {
            void command((engine) => engine.datasets.acceptValidRows({ id: summary.id }));
          }}
        >
          Accept the good rows, {count(good)} of {count(report.rows)}
        </Button>
        <RemoveButton id={summary.id} />
      </div>
    </div>
  );
}

function RemoveButton({ id }: { readonly id: string }): ReactElement {
  const lost = useLost();
  return (
    <Button
      disabled={lost}
      title="The file moves to skipped, it is not deleted"
      onClick={() => {
        void command((engine) => engine.queue.remove({ id }));
      }}
    >
      Remove file
    </Button>
  );
}

function Lengths({ report }: { readonly report: DatasetReport }): ReactElement | null {
  const now = useRoom('config').values.max_length;
  const limit = report.max_length ?? now;
  const [which, setWhich] = useState<'whole' | 'prompt' | 'answer'>('whole');
  if (report.lengths === null) return null;
  return (
    <div className="hist">
      <div className={classNames(layoutStyles.row, layoutStyles.spaceBetween)}>
        <h3 className={textStyles.label}>Tokens per row</h3>
        <SegmentedControl
          aria-label="Part of the row"
          value={which}
          onChange={setWhich}
          data={[
            { value: 'whole', label: 'Whole' },
            { value: 'prompt', label: 'Prompt' },
            { value: 'answer', label: 'Answer' },
          ]}
        />
      </div>
      <Histogram
        lengths={report.lengths[which]}
        limit={which === 'whole' ? limit : null}
        longer={report.over_length}
        rows={report.rows}
      />
      {limit === now ? null : (
        <p className={classNames(textStyles.caption, textStyles.number)}>
          Judged under max_length {count(limit)}; it is {count(now)} now.
        </p>
      )}
    </div>
  );
}

function Body({
  details,
  onRow,
}: {
  readonly details: DatasetDetails;
  /** Opens the rows at one of them; null: at the first. */
  readonly onRow: (row: number | null) => void;
}): ReactElement {
  const { summary, report, account, mapping } = details;
  if (report === null)
    return (
      <p className={textStyles.secondary}>
        The report comes when the file has been read to its end.
      </p>
    );
  const parts: readonly Part[] =
    summary.decision === 'map_columns'
      ? [{ name: 'waiting for the roles of their columns', rows: report.rows, look: 'n3' }]
      : account === null || summary.place === 'inbox'
        ? reportParts(report)
        : partsOf(account);
  const rejected = report.rejected.total > 0;
  const facts = [
    report.record_format === null ? null : `format ${report.record_format}`,
    bytes(summary.bytes),
    `hash ${report.content_hash.slice(0, 8)}`,
  ].filter((part) => part !== null);
  return (
    <>
      {summary.decision === 'map_columns' ? (
        <div className="choice">
          <Mapping key={summary.id} id={summary.id} report={report} mapping={mapping} />
        </div>
      ) : null}
      {summary.decision === 'accept_valid_rows' ? (
        <AcceptChoice summary={summary} report={report} />
      ) : null}
      <div className="acct">
        <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
          <h3 className={textStyles.label}>Rows</h3>
          <span className={classNames(textStyles.caption, textStyles.number)}>
            {count(report.rows)} read, {facts.join(', ')}
            {report.rows === 0 ? null : (
              <>
                {'  '}
                <button
                  type="button"
                  className={controlStyles.linkButton}
                  onClick={() => {
                    onRow(null);
                  }}
                >
                  Show every row
                </button>
              </>
            )}
          </span>
        </div>
        {parts.length === 0 ? null : (
          <Parts parts={parts} label={`${plural(report.rows, 'row')}, all accounted for`} />
        )}
        <p className={classNames(textStyles.caption, textStyles.number, 'rfacts')}>
          {report.planned_steps > 0 ? <span>{plural(report.planned_steps, 'step')}</span> : null}
          {summary.starts_at === null || summary.ends_at === null ? null : (
            <span>about {duration(summary.ends_at - summary.starts_at)} at the measured speed</span>
          )}
          {report.tokens > 0 ? (
            <span>
              {count(report.tokens)} tokens, {bytes(report.tokens * CACHE_BYTES)} of token cache
            </span>
          ) : null}
          {report.truncated > 0 ? <span>{count(report.truncated)} truncated</span> : null}
          {report.trained_token_share === null ? null : (
            <span>{percent(report.trained_token_share * 100)} trained tokens</span>
          )}
        </p>
        {report.notes.map((note) => (
          <p key={note} className={textStyles.caption}>
            {note}
          </p>
        ))}
      </div>
      <Lengths report={report} />
      <OverLong summary={summary} report={report} />
      <Repeats report={report} onRow={onRow} />
      {rejected || report.samples.length > 0 ? (
        <div className={`lower ${rejected && report.samples.length > 0 ? '' : 'single'}`}>
          {rejected ? <Rejected key={`r${summary.id}`} report={report} /> : null}
          <Reading key={`s${summary.id}`} report={report} />
        </div>
      ) : null}
    </>
  );
}

export function Report({ summary }: { readonly summary: DatasetSummary }): ReactElement {
  const { answer } = useAnswer(
    `${summary.id}|${summary.verdict}|${summary.place}|${String(summary.accepted)}|${String(summary.done_steps)}`,
    (engine) => engine.datasets.get({ id: summary.id }),
  );
  const look = verdictDisplay[summary.verdict];
  // undefined: the report; null: the rows from the first; a number: from that row.
  const [rows, setRows] = useState<number | null | undefined>(undefined);
  return (
    <section className="report" aria-label={`Report of ${summary.name}`} tabIndex={0}>
      <div className="rhead">
        <div className={layoutStyles.grow}>
          <h2 className={classNames(textStyles.title, textStyles.ellipsis)} title={summary.name}>
            {summary.name}
          </h2>
          <p className={textStyles.secondary}>
            <b className={classNames(textStyles.strong, textStyles[look.tone])}>{look.word}</b>
            {summary.message === null ? '' : `: ${summary.message}`}
          </p>
        </div>
        <button
          type="button"
          className={controlStyles.iconButton}
          aria-label="Close report"
          onClick={() => {
            useUploads.setState({ selected: null });
          }}
        >
          <IconX aria-hidden="true" />
        </button>
      </div>
      {answer === null ? null : rows === undefined || answer.report === null ? (
        <Body details={answer} onRow={setRows} />
      ) : (
        <Rows
          id={summary.id}
          report={answer.report}
          stamp={`${summary.verdict} ${String(summary.accepted)} ${String(summary.done_steps)}`}
          start={rows}
          onClose={() => {
            setRows(undefined);
          }}
        />
      )}
    </section>
  );
}

/**
 * The report of one file: verdict and decisions, rows, token lengths, duplicates, rejected rows,
 * rendered samples.
 */
import { IconX } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import type { DatasetDetails, DatasetSummary } from '../../../src-main/contract/index.ts';
import { useAnswer } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { AcceptChoice } from './accept-choice.tsx';
import { DuplicateChecks } from './duplicate-checks.tsx';
import { EncodingChoice } from './encoding-choice.tsx';
import { Lengths } from './lengths.tsx';
import { Mapping } from './mapping.tsx';
import { OtherChoices } from './other-choices.tsx';
import { OverLong } from './over-long.tsx';
import styles from './report.module.css';
import { RowTotals } from './row-totals.tsx';
import { Rows } from './rows.tsx';
import { Rejected, RenderedSamples } from './samples.tsx';
import { UnusedFields } from './unused-fields.tsx';
import { useUploads } from './uploads.ts';
import { verdictDisplay, verdictWord } from './verdict.ts';

function Body({
  details,
  onRow,
}: {
  readonly details: DatasetDetails;
  /** Opens the list of rows at a row; null: at the first. */
  readonly onRow: (row: number | null) => void;
}): ReactElement {
  const { summary, report, mapping } = details;
  if (report === null)
    return (
      <p className={textStyles.secondary}>The report appears once the whole file has been read.</p>
    );
  const rejected = report.rejected.total > 0;
  return (
    <>
      {summary.decision === 'map_columns' ? (
        <div className={styles.choice}>
          <Mapping key={summary.id} id={summary.id} report={report} mapping={mapping} />
        </div>
      ) : null}
      {summary.decision === 'choose_encoding' && report.encoding !== null ? (
        <EncodingChoice key={summary.id} summary={summary} report={report} />
      ) : null}
      {summary.decision === 'accept_valid_rows' ? (
        <AcceptChoice summary={summary} report={report} />
      ) : null}
      {summary.decision === 'unused_fields' ||
      summary.decision === 'think_blocks' ||
      summary.decision === 'trained_before' ? (
        <OtherChoices summary={summary} report={report} />
      ) : null}
      {details.decided_as === null ? null : (
        <p className={textStyles.caption}>
          Decided as for {details.decided_as}, which has the same fields.
        </p>
      )}
      <RowTotals details={details} report={report} onRow={onRow} />
      <Lengths report={report} />
      <OverLong summary={summary} report={report} />
      <DuplicateChecks report={report} onRow={onRow} />
      <UnusedFields report={report} />
      {rejected || report.samples.length > 0 ? (
        <div
          className={classNames(
            styles.samples,
            (!rejected || report.samples.length === 0) && styles.single,
          )}
        >
          {rejected ? <Rejected key={`r${summary.id}`} report={report} /> : null}
          <RenderedSamples key={`s${summary.id}`} report={report} />
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
  const { tone } = verdictDisplay[summary.verdict];
  // undefined: the report; null: all rows; a number: all rows, opened at that one.
  const [rows, setRows] = useState<number | null | undefined>(undefined);
  return (
    <section className={styles.report} aria-label={`Report of ${summary.name}`} tabIndex={0}>
      <div className={styles.header}>
        <div className={layoutStyles.grow}>
          <h2 className={classNames(textStyles.title, textStyles.ellipsis)} title={summary.name}>
            {summary.name}
          </h2>
          <p className={textStyles.secondary}>
            <b className={classNames(textStyles.strong, textStyles[tone])}>
              {verdictWord(summary)}
            </b>
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

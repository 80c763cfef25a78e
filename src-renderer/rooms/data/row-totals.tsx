/** The rows of a file by outcome, with steps, time and tokens. */
import type { ReactElement } from 'react';
import type { DatasetDetails, DatasetReport } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { bytes, count, duration, percent, plural } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Parts, partsOf, reportParts, type Part } from './account.tsx';
import styles from './report.module.css';

/** Per token: four bytes of id, one of label. */
const CACHE_BYTES_PER_TOKEN = 5;

/**
 * After a file has left the inbox its rows have states; before, the report says what will happen to
 * them.
 */
function currentParts(
  { summary, account }: DatasetDetails,
  report: DatasetReport,
): readonly Part[] {
  if (summary.decision === 'map_columns')
    return [{ name: 'not mapped yet', rows: report.rows, color: 'queued' }];
  return account === null || summary.place === 'inbox' ? reportParts(report) : partsOf(account);
}

export function RowTotals({
  details,
  report,
  onRow,
}: {
  readonly details: DatasetDetails;
  readonly report: DatasetReport;
  /** Opens the list of rows at a row; null: at the first. */
  readonly onRow: (row: number | null) => void;
}): ReactElement {
  const { summary } = details;
  const parts = currentParts(details, report);
  const facts = [
    report.record_format === null ? null : `format ${report.record_format}`,
    bytes(summary.bytes),
    `hash ${report.content_hash.slice(0, 8)}`,
  ].filter((part) => part !== null);
  return (
    <div className={styles.rows}>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h3 className={textStyles.label}>Rows</h3>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {plural(report.rows, 'row')}, {facts.join(', ')}
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
                Show all rows
              </button>
            </>
          )}
        </span>
      </div>
      {parts.length === 0 ? null : (
        <Parts parts={parts} label={`${plural(report.rows, 'row')}, every row accounted for`} />
      )}
      <p className={classNames(textStyles.caption, textStyles.number, styles.facts)}>
        {report.planned_steps > 0 ? <span>{plural(report.planned_steps, 'step')}</span> : null}
        {summary.estimate_seconds == null ? null : (
          <span>about {duration(summary.estimate_seconds)} with start, evaluations and saves</span>
        )}
        {report.tokens > 0 ? (
          <span>
            {plural(report.tokens, 'token')}, {bytes(report.tokens * CACHE_BYTES_PER_TOKEN)} token
            cache
          </span>
        ) : null}
        {report.truncated > 0 ? <span>{count(report.truncated)} truncated</span> : null}
        {report.trained_token_share === null ? null : (
          <span>{percent(report.trained_token_share * 100)} of tokens with loss</span>
        )}
      </p>
      {report.notes.map((note) => (
        <p key={note} className={textStyles.caption}>
          {note}
        </p>
      ))}
    </div>
  );
}

/** Checks for duplicates and leaks, each with example rows. */
import type { ReactElement } from 'react';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, percent, plural } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './report.module.css';

const MAX_EXAMPLES = 4;

interface Finding {
  readonly check: string;
  readonly rows: number;
  /** What happens to these rows, or what the number refers to; only said where there are any. */
  readonly result: string;
  /** What was checked, where that isn't every row. */
  readonly scope?: string;
  readonly first: readonly { readonly row: number; readonly note: string }[];
}

/** Checks that found nothing are listed too. Pure. */
function findingsOf(report: DatasetReport): readonly Finding[] {
  const near = report.near_duplicates;
  const given = report.answer_in_prompt;
  const controls = report.control_tokens;
  return [
    {
      check: 'Exact duplicates',
      rows: report.duplicates,
      result: 'kept',
      first: report.first_duplicates.map(({ row, of }) => ({
        row,
        note: `repeats row ${count(of)}`,
      })),
    },
    ...(near === null
      ? []
      : [
          {
            check: 'Near-duplicates',
            rows: near.rows,
            result: 'kept',
            // Also where it found none: so many were compared.
            scope: `compared ${count(near.compared)} of ${plural(report.accepted, 'row')}`,
            first: near.first.map(({ row, of, similarity }) => ({
              row,
              note: `is ${percent(similarity * 100, 0)} similar to row ${count(of)}`,
            })),
          },
        ]),
    {
      check: 'Overlap with validation set',
      rows: report.overlap_validation,
      result: 'removed from training',
      first: report.first_overlapping.map((row) => ({ row, note: '' })),
    },
    ...(given === null
      ? []
      : [
          {
            check: 'Answer leaked in prompt',
            rows: given.rows,
            result: `${percent(given.share * 100)} of accepted rows`,
            first: given.first.map((row) => ({ row, note: '' })),
          },
        ]),
    ...(controls === null
      ? []
      : [
          {
            check: `Control tokens in text (${controls.example})`,
            rows: controls.rows,
            result: controls.encoded_as_text
              ? 'encoded as plain text'
              : 'read as the real tokens; see control_tokens in Config',
            first: controls.first.map((row) => ({ row, note: '' })),
          },
        ]),
  ];
}

export function DuplicateChecks({
  report,
  onRow,
}: {
  readonly report: DatasetReport;
  readonly onRow: (row: number) => void;
}): ReactElement | null {
  if (report.accepted === 0) return null;
  return (
    <div className={styles.duplicates}>
      <table>
        <thead>
          <tr>
            <th>Check</th>
            <th className={tableStyles.numberCell}>Rows</th>
            <th>Result</th>
            <th>Examples</th>
          </tr>
        </thead>
        <tbody>
          {findingsOf(report).map((finding) => (
            <tr key={finding.check}>
              <td className={textStyles.strong}>{finding.check}</td>
              <td className={tableStyles.numberCell}>{count(finding.rows)}</td>
              <td className={classNames(textStyles.secondary, textStyles.number)}>
                {[finding.rows === 0 ? null : finding.result, finding.scope]
                  .filter((part) => part != null)
                  .join('; ')}
              </td>
              <td className={textStyles.number}>
                {finding.first.slice(0, MAX_EXAMPLES).map(({ row, note }) => (
                  <button
                    key={row}
                    type="button"
                    className={controlStyles.linkButton}
                    onClick={() => {
                      onRow(row);
                    }}
                  >
                    row {count(row)}
                    {note === '' ? '' : ` ${note}`}
                  </button>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

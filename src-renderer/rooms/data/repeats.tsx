/** What repeats inside a file and what it gives away, with the first rows of each kind. */
import type { ReactElement } from 'react';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import { count, percent } from '../../kit/format.ts';

const SHOWN = 4;

interface Finding {
  readonly what: string;
  readonly rows: number;
  /** What became of these rows, or what the number is of. */
  readonly fact: string;
  readonly first: readonly { readonly row: number; readonly note: string }[];
}

/** Pure. Zero is a finding too. */
function findingsOf(report: DatasetReport): readonly Finding[] {
  const near = report.near_duplicates;
  const given = report.answer_in_prompt;
  return [
    {
      what: 'Say what an earlier row says',
      rows: report.duplicates,
      fact: 'kept',
      first: report.first_duplicates.map(({ row, of }) => ({ row, note: `as ${count(of)}` })),
    },
    ...(near === null
      ? []
      : [
          {
            what: 'Say nearly the same as an earlier row',
            rows: near.rows,
            fact: `kept; ${count(near.compared)} were long enough to compare`,
            first: near.first.map(({ row, of, similarity }) => ({
              row,
              note: `${percent(similarity * 100, 0)} as ${count(of)}`,
            })),
          },
        ]),
    {
      what: 'Ask what the validation set asks',
      rows: report.overlap_validation,
      fact: 'held out, not trained',
      first: report.first_overlapping.map((row) => ({ row, note: '' })),
    },
    ...(given === null
      ? []
      : [
          {
            what: 'Hold the answer in the prompt',
            rows: given.rows,
            fact: `${percent(given.share * 100)} of the accepted rows`,
            first: given.first.map((row) => ({ row, note: '' })),
          },
        ]),
  ];
}

export function Repeats({
  report,
  onRow,
}: {
  readonly report: DatasetReport;
  readonly onRow: (row: number) => void;
}): ReactElement | null {
  if (report.accepted === 0) return null;
  return (
    <div className="repeats">
      <table>
        <thead>
          <tr>
            <th>Rows that</th>
            <th className="n">Rows</th>
            <th>Of them</th>
            <th>First</th>
          </tr>
        </thead>
        <tbody>
          {findingsOf(report).map((finding) => (
            <tr key={finding.what}>
              <td className="strong">{finding.what}</td>
              <td className="n">{count(finding.rows)}</td>
              <td className="t2 num">
                {finding.rows === 0 && finding.fact === 'kept' ? '' : finding.fact}
              </td>
              <td className="num">
                {finding.first.slice(0, SHOWN).map(({ row, note }) => (
                  <button
                    key={row}
                    type="button"
                    className="link"
                    title={`Row ${count(row)} ${note}`.trim()}
                    onClick={() => {
                      onRow(row);
                    }}
                  >
                    {count(row)}
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

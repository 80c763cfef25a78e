/** Formats datasets, validation reports and row accounts as text. Pure. */
import { duration } from '../contract/format.ts';
import {
  type DatasetReport,
  type DatasetSummary,
  type RowAccount,
  visibleText,
} from '../contract/index.ts';
import { state } from './output/markup.ts';
import { bytes, count, decimal, table } from './format.ts';

export function datasetsText(datasets: readonly DatasetSummary[]): string {
  if (datasets.length === 0) return 'No datasets yet.\n';
  const rows = datasets.map((dataset) => [
    dataset.id,
    dataset.name,
    dataset.place === 'queue' ? dataset.priority : dataset.place,
    state(dataset.verdict),
    dataset.accepted === null ? '' : `${count(dataset.accepted)} of ${count(dataset.rows)}`,
    dataset.planned_steps === null
      ? ''
      : `${count(dataset.done_steps ?? 0)} of ${count(dataset.planned_steps)}`,
    dataset.estimate_seconds == null ? '' : `about ${duration(dataset.estimate_seconds)}`,
    bytes(dataset.bytes),
  ]);
  const notes = datasets.flatMap((dataset) =>
    [...(dataset.message === null ? [] : [dataset.message]), ...dataset.warnings].map(
      (note) => `${visibleText(dataset.name)}: ${note}\n`,
    ),
  );
  return (
    table(['id', 'name', 'place', 'verdict', 'rows', 'steps', 'takes', 'size'], rows) +
    notes.join('')
  );
}

const stateNames = {
  held_out: 'held out for validation',
  rejected: 'rejected',
  quarantined: 'quarantined',
  truncated: 'truncated',
  skipped: 'skipped',
  remaining: 'not trained yet',
} as const;

export function accountText(account: RowAccount): string {
  const trained = Object.entries(account.trained).map(([times, rows]) => [
    `trained ${times} ${times === '1' ? 'time' : 'times'}`,
    count(rows),
  ]);
  const otherStates = (
    ['held_out', 'rejected', 'quarantined', 'truncated', 'skipped', 'remaining'] as const
  )
    .filter((state) => account[state] > 0)
    .map((state) => [stateNames[state], count(account[state])]);
  return table(['state', 'rows'], [...trained, ...otherStates, ['all rows', count(account.rows)]]);
}

export function reportText(report: DatasetReport): string {
  const lines = [
    `verdict ${state(report.verdict)}${report.message === null ? '' : `: ${report.message}`}`,
    `format ${report.record_format ?? 'unknown'}, ${count(report.rows)} rows, ${count(report.accepted)} accepted, ${count(report.rejected.total)} rejected`,
    `validation rows: ${count(report.held_out.core)} in the fixed validation set, ${count(report.held_out.slice)} from this dataset, ${count(report.held_out.duplicates)} duplicates of validation rows`,
  ];
  if (report.lengths !== null) {
    const { p50, p95, max } = report.lengths.whole;
    lines.push(
      `row length in tokens: median ${count(p50)}, 95th percentile ${count(p95)}, maximum ${count(max)}`,
    );
  }
  if (report.trained_token_share !== null)
    lines.push(`${decimal(report.trained_token_share * 100, 1)} % of tokens count toward the loss`);
  if (report.over_length > 0)
    lines.push(
      `${count(report.over_length)} rows are longer than max_length, ${count(report.over_length_answer_lost)} of them would lose their whole response if truncated; max_length ${count(report.max_length_loses_nothing)} fits every row`,
    );
  const findings = [
    [report.duplicates, 'exact duplicates'],
    [report.near_duplicates?.rows ?? 0, 'near-duplicates'],
    [report.overlap_validation, 'overlap with the validation set (removed from training)'],
    [report.answer_in_prompt?.rows ?? 0, 'answer leaked in prompt'],
    [report.control_tokens?.rows ?? 0, 'control tokens in text'],
  ] as const;
  for (const [rows, finding] of findings)
    if (rows > 0) lines.push(`${finding}: ${count(rows)} rows`);
  lines.push(`planned steps ${count(report.planned_steps)}`);
  for (const note of report.notes) lines.push(note);
  for (const { name, label, preview } of report.encoding?.candidates ?? [])
    for (const line of preview)
      lines.push(`as ${name}, ${label}, row ${count(line.row)}: ${line.text}`);
  for (const row of report.rejected.first.slice(0, 20))
    lines.push(`row ${count(row.row)}: ${row.message}`);
  const more = report.rejected.total - Math.min(20, report.rejected.first.length);
  if (more > 0) lines.push(`${count(more)} more rejected rows`);
  for (const column of report.columns ?? []) lines.push(columnText(column));
  return `${lines.join('\n')}\n`;
}

/** One line: the name and the value come from the file. */
export const columnText = (column: NonNullable<DatasetReport['columns']>[number]): string =>
  `column ${visibleText(column.name)}: ${count(column.distinct)} unique values, example: ${visibleText(column.example)}`;

export function rowsText(
  rows: readonly { readonly row: number; readonly state: string; readonly times: number }[],
): string {
  return table(
    ['row', 'state', 'times'],
    rows.map((row) => [String(row.row), row.state, String(row.times)]),
  );
}

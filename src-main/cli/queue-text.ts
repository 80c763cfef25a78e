/** Datasets, reports and accounts of rows in words. Pure. */
import type { DatasetReport, DatasetSummary, RowAccount } from '../contract/index.ts';
import { bytes, count, decimal, table } from './format.ts';

export function datasetsText(datasets: readonly DatasetSummary[]): string {
  if (datasets.length === 0) return 'There is no dataset yet.\n';
  const rows = datasets.map((dataset) => [
    dataset.id,
    dataset.name,
    dataset.place === 'queue' ? dataset.priority : dataset.place,
    dataset.verdict,
    dataset.accepted === null ? '' : `${count(dataset.accepted)} of ${count(dataset.rows)}`,
    dataset.planned_steps === null
      ? ''
      : `${count(dataset.done_steps ?? 0)} of ${count(dataset.planned_steps)}`,
    bytes(dataset.bytes),
  ]);
  const notes = datasets
    .filter((dataset) => dataset.message !== null)
    .map((dataset) => `${dataset.name}: ${dataset.message ?? ''}\n`);
  return table(['id', 'name', 'place', 'verdict', 'rows', 'steps', 'size'], rows) + notes.join('');
}

export function accountText(account: RowAccount): string {
  const trained = Object.entries(account.trained).map(([times, rows]) => [
    `trained ${times} ${times === '1' ? 'time' : 'times'}`,
    count(rows),
  ]);
  const rest = (
    ['held_out', 'rejected', 'quarantined', 'truncated', 'skipped', 'remaining'] as const
  )
    .filter((state) => account[state] > 0)
    .map((state) => [state.replace('_', ' '), count(account[state])]);
  return table(['state', 'rows'], [...trained, ...rest, ['all rows', count(account.rows)]]);
}

export function reportText(report: DatasetReport): string {
  const lines = [
    `verdict ${report.verdict}${report.message === null ? '' : `: ${report.message}`}`,
    `format ${report.record_format ?? 'unknown'}, ${count(report.rows)} rows, ${count(report.accepted)} accepted, ${count(report.rejected.total)} rejected`,
    `held out ${count(report.held_out.core)} core, ${count(report.held_out.slice)} slice, ${count(report.held_out.duplicates)} duplicates of validation rows`,
  ];
  if (report.lengths !== null) {
    const { p50, p95, max } = report.lengths.whole;
    lines.push(
      `length in tokens: median ${count(p50)}, 95 % up to ${count(p95)}, longest ${count(max)}`,
    );
  }
  if (report.trained_token_share !== null)
    lines.push(`trained tokens ${decimal(report.trained_token_share * 100, 1)} %`);
  if (report.over_length > 0)
    lines.push(
      `${count(report.over_length)} rows are longer than max_length, ${count(report.over_length_answer_lost)} of them would lose the whole answer; max_length ${count(report.max_length_loses_nothing)} loses nothing`,
    );
  const repeats = [
    [report.duplicates, 'say what an earlier row says'],
    [report.near_duplicates?.rows ?? 0, 'say nearly the same as an earlier row'],
    [report.overlap_validation, 'ask what the validation set asks (held out)'],
    [report.answer_in_prompt?.rows ?? 0, 'hold the answer in the prompt'],
  ] as const;
  for (const [rows, what] of repeats) if (rows > 0) lines.push(`${count(rows)} rows ${what}`);
  lines.push(`planned steps ${count(report.planned_steps)}`);
  for (const note of report.notes) lines.push(note);
  for (const row of report.rejected.first.slice(0, 20))
    lines.push(`row ${count(row.row)}: ${row.message}`);
  const more = report.rejected.total - Math.min(20, report.rejected.first.length);
  if (more > 0) lines.push(`and ${count(more)} more rejected rows`);
  for (const column of report.columns ?? [])
    lines.push(
      `column ${column.name}: ${count(column.distinct)} different values, for instance ${column.example}`,
    );
  return `${lines.join('\n')}\n`;
}

export function rowsText(
  rows: readonly { readonly row: number; readonly state: string; readonly times: number }[],
): string {
  return table(
    ['row', 'state', 'times'],
    rows.map((row) => [String(row.row), row.state, String(row.times)]),
  );
}

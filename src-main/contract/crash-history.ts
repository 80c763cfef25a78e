/**
 * The history of crashes and hangs from the journal: cause, lost steps, and time until training
 * resumed. Pure.
 */
import type { CrashReport } from './crash-reports.ts';
import type { JournalEntry } from './journal.ts';

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const rowsOf = (value: unknown): number[] =>
  Array.isArray(value) ? value.filter((entry): entry is number => Number.isInteger(entry)) : [];

/**
 * Newest first, from `since` (Unix seconds) on. `entries` are newest first; the log is not read
 * here.
 */
export function crashesFrom(
  entries: readonly JournalEntry[],
  since: number,
): readonly Omit<CrashReport, 'log'>[] {
  const reports: Omit<CrashReport, 'log'>[] = [];
  /** Restarts by dataset, until the crash before them is found: entries are read back in time. */
  const restarts = new Map<string | null, JournalEntry>();
  for (const entry of entries) {
    if (entry.t < since) break;
    if (entry.what === 'trainer.restarted') restarts.set(entry.dataset, entry);
    if (entry.what !== 'trainer.crashed') continue;
    const restart = restarts.get(entry.dataset) ?? null;
    restarts.delete(entry.dataset);
    reports.push({
      t: entry.t,
      run: text(entry.evidence['run']) ?? '',
      category: text(entry.evidence['category']) ?? 'unknown',
      message: text(entry.evidence['message']) ?? entry.text,
      dataset: entry.dataset,
      step: entry.step,
      resumed_from: restart?.step ?? null,
      steps_lost: number(restart?.evidence['lost_steps']),
      seconds: restart === null ? null : Math.max(0, restart.t - entry.t),
      rows: rowsOf(entry.evidence['rows']),
    });
  }
  return reports;
}

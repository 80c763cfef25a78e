/** Where unexpected errors go. */
import type { Clock } from '../../kit/clock.ts';
import type { Journal } from '../journal/index.ts';

const QUIET_SECONDS = 60;

/**
 * Logs a bug with its stack and writes it to the journal; the engine continues and training isn't
 * affected. The same failure is reported once a minute with a count: on a full disk the status alone
 * fails four times a second, for as long as nobody frees up space.
 */
export function createFailureReport(
  journal: Journal,
  clock: Pick<Clock, 'monotonic'>,
  log: (line: string) => void,
): (where: string, error: unknown) => void {
  const reported = new Map<string, { readonly at: number; readonly held: number }>();
  return (where, error) => {
    const message = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? (error.stack ?? message) : message;
    const text = `${where}: ${message}`;
    // The hexadecimal names of temporary files differ each time, and are the same failure.
    const key = text.replace(/[\da-f]*\d[\da-f]*/g, '#');
    const now = clock.monotonic();
    for (const [other, { at, held }] of reported)
      if (held === 0 && now - at >= QUIET_SECONDS) reported.delete(other);
    const last = reported.get(key);
    if (last !== undefined && now - last.at < QUIET_SECONDS) {
      reported.set(key, { at: last.at, held: last.held + 1 });
      return;
    }
    const held = last?.held ?? 0;
    reported.set(key, { at: now, held: 0 });
    log(`${where}: ${stack}`);
    journal.write({
      what: 'engine.failure',
      text: held === 0 ? text : `${text} (${held} more times since the last report)`,
      evidence: { stack },
    });
  };
}

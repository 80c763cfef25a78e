/** Where unexpected errors go. */
import type { Journal } from '../journal/index.ts';

/**
 * Logs a bug with its stack and writes it to the journal; the engine continues and training isn't
 * affected.
 */
export function createFailureReport(
  journal: Journal,
  log: (line: string) => void,
): (where: string, error: unknown) => void {
  return (where, error) => {
    const message = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? (error.stack ?? message) : message;
    log(`${where}: ${stack}`);
    journal.write({ what: 'engine.failure', text: `${where}: ${message}`, evidence: { stack } });
  };
}

/** `nightshift journal` */
import type { Command } from 'commander';
import { engineOf, withEngine } from './connection.ts';
import { journalFromFiles } from './offline/workspace-files.ts';
import { wholeNumber } from './numbers.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';
import { columns, dateTime } from './format.ts';

export function addJournalCommand(program: Command, run: Run): void {
  program
    .command('journal')
    .description(
      'Show decisions and interventions with their evidence, newest last; works without an engine',
    )
    .option('--limit <count>', 'number of entries', wholeNumber(1, 1000), 30)
    .action((options: { limit: number }) => run((session) => journal(session, options.limit)));
}

async function journal(session: Session, limit: number): Promise<ExitCode> {
  const newestFirst =
    (await engineOf(session)) === null
      ? await journalFromFiles(session, limit)
      : await withEngine(session, (client) => client.journal.read({ limit }));
  show(session, newestFirst, () =>
    newestFirst.length === 0
      ? 'The journal is empty.'
      : columns(
          [...newestFirst].reverse().map((entry) => [dateTime(entry.t), entry.what, entry.text]),
        ),
  );
  return exitCode.ok;
}

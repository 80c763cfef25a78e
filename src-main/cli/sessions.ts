/** `nightshift sessions list | revoke` */
import type { Command } from 'commander';
import { plural } from '../contract/format.ts';
import { type AccessSession, shown } from '../contract/index.ts';
import { withEngine } from './connection.ts';
import { checkChosen, type Chosen, chosenIds } from './find.ts';
import { dateTime } from './format.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

export function addSessionsCommands(program: Command, run: Run): void {
  const sessions = program
    .command('sessions')
    .description('List signed-in browsers and sign them out');
  sessions
    .command('list', { isDefault: true })
    .description('List signed-in browsers, last used first')
    .action(() => run(list));
  sessions
    .command('revoke')
    .argument('[session...]', 'ids of sessions, or the beginnings of them')
    .option('--all', 'sign every browser out', false)
    .description(
      'Sign browsers out and close their pages; for a new sign-in link: nightshift token',
    )
    .action((typed: readonly string[], { all }: { all: boolean }) =>
      run((session) => revoke(session, { what: 'session', typed, all })),
    );
}

async function list(session: Session): Promise<ExitCode> {
  const known = await withEngine(session, (client) => client.access.sessions());
  show(session, known, () =>
    known.length === 0 ? 'No browser is signed in.' : known.map(sessionText).join('\n'),
  );
  return exitCode.ok;
}

const sessionText = ({ id, browser, created, used, pages }: AccessSession): string =>
  `${id}  signed in ${dateTime(created)}, last used ${dateTime(used)}, ${plural(pages, 'open page')}\n  ${shown(browser)}`;

async function revoke(session: Session, chosen: Chosen): Promise<ExitCode> {
  checkChosen(chosen);
  const revoked = await withEngine(session, async (client) => {
    const ids = chosenIds(chosen, await client.access.sessions());
    for (const id of ids) await client.access.revoke({ id });
    return ids;
  });
  show(session, { revoked }, `Signed out ${plural(revoked.length, 'browser')}.`);
  return exitCode.ok;
}

/** `nightshift sessions list | revoke` */
import type { Command } from 'commander';
import { plural } from '../contract/format.ts';
import { type AccessSession, Refusal, shown } from '../contract/index.ts';
import { withEngine } from './connection.ts';
import { sessionIds } from './find.ts';
import { dateTime } from './format.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

export function addSessionsCommands(program: Command, run: Run): void {
  const sessions = program.command('sessions').description('Browsers that are signed in');
  sessions
    .command('list', { isDefault: true })
    .description('List them, last used first')
    .action(() => run(list));
  sessions
    .command('revoke')
    .argument('[session...]', 'ids of sessions, as listed, or the beginnings of them')
    .option('--all', 'every browser', false)
    .description('Sign browsers out and close their pages; a new sign-in link: nightshift token')
    .action((ids: readonly string[], options: { all: boolean }) =>
      run((session) => revoke(session, ids, options.all)),
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

async function revoke(session: Session, ids: readonly string[], all: boolean): Promise<ExitCode> {
  if (ids.length === 0 && !all)
    throw new Refusal('INVALID', 'No session was named.', {
      next: 'Name ids as in `nightshift sessions`, or use --all.',
    });
  const revoked = await withEngine(session, async (client) => {
    const chosen = all
      ? (await client.access.sessions()).map(({ id }) => id)
      : await sessionIds(client, ids);
    for (const id of chosen) await client.access.revoke({ id });
    return chosen;
  });
  show(session, { revoked }, `Signed out ${plural(revoked.length, 'browser')}.`);
  return exitCode.ok;
}

/** journal, token. */
import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { engineOf, readToken, withEngine } from './connection.ts';
import { journalFromFiles } from './files.ts';
import type { Run } from './program.ts';
import { exitCode, NoEngine, show, type ExitCode, type Session } from './session.ts';
import { moment } from './format.ts';

export function addRecordCommands(program: Command, run: Run): void {
  program
    .command('journal')
    .description(
      'decisions and interventions with their evidence, newest last; works without an engine',
    )
    .option('--limit <count>', 'how many lines', wholeNumber, 30)
    .action((options: { limit: number }) => run((session) => journal(session, options.limit)));
  program
    .command('token')
    .description('print the token for scripts (stdout) and a one-time link for a browser (stderr)')
    .action(() => run(token));
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000)
    throw new InvalidArgumentError('a whole number from 1 to 1000.');
  return value;
}

async function journal(session: Session, limit: number): Promise<ExitCode> {
  const newestFirst =
    (await engineOf(session)) === null
      ? await journalFromFiles(session, limit)
      : await withEngine(session, (client) => client.journal.read({ limit }));
  show(session, newestFirst, () =>
    newestFirst.length === 0
      ? 'The journal is empty.'
      : [...newestFirst]
          .reverse()
          .map((line) => `${moment(line.t)}  ${line.what.padEnd(20)}  ${line.text}`)
          .join('\n'),
  );
  return exitCode.ok;
}

const ticketAnswer = z.object({ ticket: z.string(), port: z.number() });

async function token(session: Session): Promise<ExitCode> {
  const known = await readToken(session);
  const engine = await engineOf(session);
  if (known === null)
    throw new NoEngine(session.workspace, 'There is no token before the first start of the engine');
  let link: string | null = null;
  if (engine?.port !== null && engine?.port !== undefined) {
    const address = `http://127.0.0.1:${String(engine.port)}`;
    const answer = await fetch(`${address}/api/tickets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${known}` },
    });
    if (answer.ok) link = `${address}/?ticket=${ticketAnswer.parse(await answer.json()).ticket}`;
  }
  if (session.json) show(session, { token: known, link }, '');
  else {
    // stdout holds the token alone, so that $(nightshift token) is one.
    session.terminal.out(`${known}\n`);
    session.terminal.error(
      link === null
        ? 'No engine runs; a link for a browser needs one: nightshift serve\n'
        : `For a browser, once and within 5 minutes: ${link}\n`,
    );
  }
  return exitCode.ok;
}

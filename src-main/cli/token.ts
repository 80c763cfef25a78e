/** `nightshift token` */
import type { Command } from 'commander';
import { z } from 'zod';
import { engineOf, readToken } from './connection.ts';
import type { Run } from './program.ts';
import { exitCode, NoEngine, show, type ExitCode, type Session } from './session.ts';

export function addTokenCommand(program: Command, run: Run): void {
  program
    .command('token')
    .description(
      'Print the API token for scripts (stdout) and a one-time sign-in link for a browser (stderr)',
    )
    .action(() => run(token));
}

const ticketResponse = z.object({ ticket: z.string(), port: z.number() });

async function token(session: Session): Promise<ExitCode> {
  const value = await readToken(session);
  const engine = await engineOf(session);
  if (value === null)
    throw new NoEngine(
      session.workspace,
      'No token yet: the engine creates it the first time it starts in a workspace',
    );
  let link: string | null = null;
  if (engine?.port !== null && engine?.port !== undefined) {
    const address = `http://127.0.0.1:${String(engine.port)}`;
    const response = await fetch(`${address}/api/tickets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${value}` },
    });
    if (response.ok)
      link = `${address}/?ticket=${ticketResponse.parse(await response.json()).ticket}`;
  }
  if (session.json) show(session, { token: value, link }, '');
  else {
    // Only the token goes to stdout, so that $(nightshift token) can be used in scripts.
    session.terminal.out(`${value}\n`);
    session.terminal.error(
      link === null
        ? 'No engine is running. To get a sign-in link for a browser, start one: nightshift serve\n'
        : `Open in a browser (works once, within 5 minutes): ${link}\n`,
    );
  }
  return exitCode.ok;
}

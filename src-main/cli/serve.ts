/**
 * `nightshift serve`: runs the engine in the foreground, from the same entry point that the desktop
 * starts.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { Run } from './program.ts';
import type { Session } from './session.ts';

/** Relative to the built out/cli/cli.mjs. */
export const engineEntry = join(import.meta.dirname, '..', 'engine', 'engine.mjs');

export function addServeCommand(program: Command, run: Run): void {
  program
    .command('serve')
    .description(
      'Run the engine in the foreground and print a one-time sign-in link; Ctrl-C does not stop training',
    )
    .option('--port <port>', 'port on 127.0.0.1; if it is taken, the next free one is used', port)
    .action((options: { port?: number }) => run((session) => serve(session, options.port ?? null)));
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65535)
    throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return value;
}

async function serve(session: Session, requestedPort: number | null): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      engineEntry,
      '--workspace',
      session.workspace,
      ...(requestedPort === null ? [] : ['--port', String(requestedPort)]),
      ...(session.json ? ['--json'] : []),
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  session.signal.addEventListener('abort', stop);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve(code ?? (signal === null ? 1 : 0));
    });
  });
}

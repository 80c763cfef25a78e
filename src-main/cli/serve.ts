/** serve: the engine in the foreground, the very entry that the desktop starts. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { Run } from './program.ts';
import type { Session } from './session.ts';

/** Beside this file in the build: out/cli/cli.mjs and out/engine/engine.mjs. */
export const engineEntry = join(import.meta.dirname, '..', 'engine', 'engine.mjs');

export function addServeCommand(program: Command, run: Run): void {
  program
    .command('serve')
    .description(
      'run the engine here and print the address with a one-time link; Ctrl-C leaves training alone',
    )
    .option('--port <port>', 'port on 127.0.0.1; the next free one is taken', port)
    .action((options: { port?: number }) => run((session) => serve(session, options.port ?? null)));
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65535)
    throw new InvalidArgumentError('a port from 0 to 65535.');
  return value;
}

async function serve(session: Session, asked: number | null): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      engineEntry,
      '--workspace',
      session.workspace,
      ...(asked === null ? [] : ['--port', String(asked)]),
      ...(session.json ? ['--json'] : []),
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const end = (): void => {
    child.kill('SIGTERM');
  };
  session.signal.addEventListener('abort', end);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve(code ?? (signal === null ? 1 : 0));
    });
  });
}

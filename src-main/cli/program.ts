/** The command line put together: options that every command knows, and what becomes of what a command throws. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ORPCError } from '@orpc/client';
import { Command, CommanderError } from 'commander';
import { refusalData, refusals } from '../contract/index.ts';
import { workspacePaths } from '../formats/workspace.ts';
import { addBackupCommands } from './backups.ts';
import { addBaseCommands } from './bases.ts';
import { addCheckpointCommands } from './checkpoints.ts';
import { addConfigCommands } from './config.ts';
import { addDemoCommand } from './demo.ts';
import { addHealthCommands } from './health.ts';
import { addHelpCommand } from './help.ts';
import { addQueueCommands } from './queue.ts';
import { addRecordCommands } from './records.ts';
import { addVersionCommands } from './versions.ts';
import { addServeCommand } from './serve.ts';
import { exitCode, NoEngine, type Session, type Terminal } from './session.ts';
import { addStatusCommand } from './status.ts';
import { addTrainingCommands } from './training.ts';
import { addValidateCommand } from './validate.ts';

/** Runs one command's work with the session; its answer is the exit code. */
export type Run = (work: (session: Session) => Promise<number>) => Promise<void>;

export interface Surroundings {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly version: string;
}

interface Options {
  readonly workspace?: string;
  readonly baseDir?: string;
  readonly json: boolean;
}

const codes = `
Exit codes:
  0  done
  1  a failure: something broke
  2  wrong usage
  3  refused: an expected no, with what and what next
  4  no engine runs for the workspace
`;

/** Runs the command line; answers the exit code and never throws. */
export async function runCommandLine(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { terminal } = surroundings;
  let code: number = exitCode.ok;
  let json = false;
  const program = new Command('nightshift');
  const run: Run = async (work) => {
    const options = program.opts<Options>();
    json = options.json;
    const workspace = resolve(
      options.workspace ??
        options.baseDir ??
        surroundings.environment['NIGHTSHIFT_WORKSPACE'] ??
        join(homedir(), 'Nightshift'),
    );
    code = await work({
      workspace,
      paths: workspacePaths(workspace),
      json: options.json,
      terminal,
      now: surroundings.now,
      signal: surroundings.signal,
    });
  };
  program
    .description('Keeps a language model training on dropped datasets.')
    .version(surroundings.version)
    .option('--workspace <folder>', 'the workspace (NIGHTSHIFT_WORKSPACE, else ~/Nightshift)')
    .option('--base-dir <folder>', 'another name of --workspace')
    .option('--json', 'print JSON, one value a line', false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => {
        terminal.out(text);
      },
      writeErr: (text) => {
        terminal.error(text);
      },
    })
    .addHelpText('after', codes)
    .exitOverride();
  addServeCommand(program, run);
  addStatusCommand(program, run);
  addTrainingCommands(program, run);
  addQueueCommands(program, run);
  addRecordCommands(program, run);
  addValidateCommand(program, run);
  addBaseCommands(program, run);
  addVersionCommands(program, run);
  addCheckpointCommands(program, run);
  addBackupCommands(program, run);
  addConfigCommands(program, run);
  addHealthCommands(program, run);
  addDemoCommand(program, run);
  addHelpCommand(program, run);
  inheritSettings(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, terminal, json);
  }
}

/** commander copies settings to subcommands only when they are made after; these were made by functions of other files. */
function inheritSettings(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inheritSettings(child);
  }
}

function explain(error: unknown, terminal: Terminal, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof NoEngine) {
    if (json) terminal.out(`${JSON.stringify({ error: 'NO_ENGINE', message: error.message })}\n`);
    terminal.error(`${error.message}\nStart it: nightshift serve\n`);
    return exitCode.noEngine;
  }
  if (error instanceof ORPCError && error.code in refusals) {
    const data = refusalData.safeParse(error.data);
    const next = data.success ? data.data.next : null;
    const code = String(error.code);
    if (json)
      terminal.out(
        `${JSON.stringify({ error: code, message: error.message, ...(data.success ? data.data : {}) })}\n`,
      );
    const confirm = data.success ? data.data.facts['confirm'] : undefined;
    const how = next ?? (confirm === undefined ? null : `With consent: --confirm ${confirm}`);
    terminal.error(`Refused (${code}): ${error.message}\n${how === null ? '' : `Next: ${how}\n`}`);
    return exitCode.refused;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (json) terminal.out(`${JSON.stringify({ error: 'FAILURE', message })}\n`);
  terminal.error(`Failed: ${message}\n`);
  return exitCode.failure;
}

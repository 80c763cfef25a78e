/** Builds the command tree, with the options shared by all commands, and runs it. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { workspacePaths } from '../formats/workspace.ts';
import { addBackupCommands } from './backups.ts';
import { addBaseCommands } from './bases.ts';
import { addChatCommand } from './chat.ts';
import { addCheckpointCommands } from './checkpoints.ts';
import { addCompletionCommands, COMPLETE, complete, wordsToComplete } from './completion/index.ts';
import { addConfigCommands } from './config.ts';
import { addDemoCommand } from './demo.ts';
import { addDrillCommand } from './drill/drill.ts';
import { explain } from './errors.ts';
import { addExamples } from './examples.ts';
import { addHealthCommands } from './health.ts';
import { addHelpCommand } from './help.ts';
import { addJournalCommand } from './journal.ts';
import { addLinkCommands } from './link.ts';
import { addLogsCommand } from './logs.ts';
import { addMachineCommands } from './machine.ts';
import { addNoticesCommands } from './notices.ts';
import { bold, displayWidth } from './output/markup.ts';
import { createScreen, type Screen, type Terminal } from './output/screen.ts';
import { addQueueCommands } from './queue.ts';
import { addVersionCommands } from './versions.ts';
import { addServeCommand } from './serve.ts';
import { exitCode, type Session } from './session.ts';
import { addStatusCommand } from './status.ts';
import { addSessionsCommands } from './sessions.ts';
import { addTokenCommand } from './token.ts';
import { addTrainingCommands } from './training.ts';
import { addValidateCommand } from './validate.ts';

/** Runs a command with the session of this invocation; the command resolves to the exit code. */
export type Run = (command: (session: Session) => Promise<number>) => Promise<void>;

export interface CommandLineEnvironment {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly version: string;
  /** How the user can type `nightshift`; default: so. */
  readonly command?: string;
}

/** Help in a pipe is not wrapped: scripts search its lines. */
const UNWRAPPED = 10_000;

interface Options {
  readonly workspace?: string;
  readonly baseDir?: string;
  readonly json: boolean;
}

const EXIT_CODE_HELP = `
Exit codes:
  0  success
  1  failed: something broke
  2  invalid usage
  3  refused (the message says why and what to do)
  4  no engine is running for the workspace
`;

/** Runs the command line and resolves to the exit code. Never rejects. */
export async function runCommandLine(
  args: readonly string[],
  { terminal, environment, now, signal, version, command }: CommandLineEnvironment,
): Promise<number> {
  const screen = createScreen(terminal, command);
  let code: number = exitCode.ok;
  const run: Run = async (command) => {
    const options = program.opts<Options>();
    const workspace = resolve(
      options.workspace ??
        options.baseDir ??
        environment['NIGHTSHIFT_WORKSPACE'] ??
        join(homedir(), 'Nightshift'),
    );
    code = await command({
      workspace,
      paths: workspacePaths(workspace),
      json: options.json,
      terminal: screen,
      now,
      signal,
    });
  };
  const program = createProgram(run, screen, version);
  if (args[0] === COMPLETE) {
    screen.out(await complete(program, wordsToComplete(args), environment));
    return exitCode.ok;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, screen, args.includes('--json'));
  }
}

/** The command tree. A parse error throws CommanderError instead of ending the process. */
export function createProgram(run: Run, screen: Screen, version: string): Command {
  const program = new Command('nightshift');
  program
    .description('Continuously trains a language model on the datasets you drop.')
    .version(version)
    .option('--workspace <folder>', 'workspace (default: NIGHTSHIFT_WORKSPACE, else ~/Nightshift)')
    .option('--base-dir <folder>', 'alias of --workspace')
    .option('--json', 'print JSON, one value per line', false)
    .option('--no-color', 'no colors; also: NO_COLOR, FORCE_COLOR')
    .configureHelp({ showGlobalOptions: true, styleTitle: bold, displayWidth, minWidthToWrap: 20 })
    .configureOutput({
      writeOut: (text) => {
        screen.message(text);
      },
      writeErr: (text) => {
        screen.error(text);
      },
      getOutHelpWidth: () => screen.columns ?? UNWRAPPED,
      getErrHelpWidth: () => screen.columns ?? UNWRAPPED,
    })
    .addHelpText('after', EXIT_CODE_HELP)
    .exitOverride();
  addServeCommand(program, run);
  addStatusCommand(program, run);
  addTrainingCommands(program, run);
  addQueueCommands(program, run);
  addJournalCommand(program, run);
  addNoticesCommands(program, run);
  addLogsCommand(program, run);
  addTokenCommand(program, run);
  addSessionsCommands(program, run);
  addValidateCommand(program, run);
  addBaseCommands(program, run);
  addVersionCommands(program, run);
  addCheckpointCommands(program, run);
  addChatCommand(program, run);
  addBackupCommands(program, run);
  addConfigCommands(program, run);
  addHealthCommands(program, run);
  addMachineCommands(program, run);
  addDemoCommand(program, run);
  addDrillCommand(program, run);
  addLinkCommands(program, run);
  addCompletionCommands(program, run);
  addHelpCommand(program, run);
  addExamples(program);
  inheritSettings(program);
  return program;
}

/**
 * commander copies output and exit settings to a subcommand only when `command()` creates it on a
 * configured parent. Nested commands are created on parents that are not configured yet, so the
 * settings are copied afterwards.
 */
function inheritSettings(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inheritSettings(child);
  }
}

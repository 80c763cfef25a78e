/** `nightshift logs [-f]`: the log files themselves, so that it works without an engine. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { type LogSource, logSource, visibleText } from '../contract/index.ts';
import { isTrainRun } from '../formats/index.ts';
import { lastLines } from '../kit/lines.ts';
import { Tail } from '../kit/tail.ts';
import { wholeNumber } from './numbers.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

const POLL_MS = 300;

interface LogsOptions {
  readonly source: LogSource;
  readonly limit: number;
  readonly follow: boolean;
}

export function addLogsCommand(program: Command, run: Run): void {
  program
    .command('logs')
    .description('Show the end of the log of the engine or the trainer; works without an engine')
    .addOption(
      new Option('--source <source>', 'whose log').choices(logSource.options).default('engine'),
    )
    .option('--limit <count>', 'number of lines', wholeNumber(1, 5000), 50)
    .option('-f, --follow', 'wait for new lines until Ctrl-C, also of the next run', false)
    .action((options: LogsOptions) => run((session) => logs(session, options)));
}

/** The newest log; null when there is none yet. */
async function newestLog({ paths }: Session, source: LogSource): Promise<string | null> {
  const names = async (folder: string): Promise<readonly string[]> =>
    (await readdir(folder).catch(() => [])).sort();
  if (source === 'engine') {
    const last = (await names(paths.logs)).findLast((name) => /^engine_\d{8}\.log$/.test(name));
    return last === undefined ? null : path.join(paths.logs, last);
  }
  const run = (await names(paths.runs)).findLast(isTrainRun);
  return run === undefined ? null : path.join(paths.run(run), 'trainer.log');
}

async function logs(session: Session, options: LogsOptions): Promise<ExitCode> {
  const file = await newestLog(session, options.source);
  // Read first: lines that are written in between are shown by the follower.
  const size = file === null ? 0 : ((await stat(file).catch(() => null))?.size ?? 0);
  const end = file === null ? null : await lastLines(file, options.limit);
  const lines = end?.lines ?? [];
  if (!options.follow || lines.length > 0)
    show(
      session,
      { source: options.source, path: file, lines },
      () =>
        lines.length === 0 ? `There is no log of the ${options.source} yet.` : lines.join('\n'),
      { isData: true },
    );
  if (options.follow) await follow(session, options.source, file, size);
  return exitCode.ok;
}

/** Until Ctrl-C. Continues with the next file when one appears: another day, or another run. */
async function follow(
  session: Session,
  source: LogSource,
  first: string | null,
  offset: number,
): Promise<void> {
  let file = first;
  let tail = file === null ? null : new Tail(file, offset);
  while (!session.signal.aborted) {
    const newest = await newestLog(session, source);
    if (newest !== file) {
      file = newest;
      tail = newest === null ? null : new Tail(newest);
    }
    for (const line of (await tail?.read()) ?? [])
      session.terminal.out(
        session.json ? `${JSON.stringify({ source, line })}\n` : `${visibleText(line)}\n`,
      );
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

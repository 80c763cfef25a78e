/**
 * `nightshift status`: the live status, or, without an engine, the last known values with their
 * age.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { TrainingStatus } from '../contract/index.ts';
import { followRooms } from '../contract/snapshot-client.ts';
import { connect, engineOf } from './connection.ts';
import { displayWidth } from './output/markup.ts';
import { knownFromFiles } from './offline/workspace-files.ts';
import type { Run } from './program.ts';
import { exitCode, NoEngine, show, type ExitCode, type Session } from './session.ts';
import { knownText, statusText } from './status-text.ts';

const SNAPSHOT_AGAIN_MS = 100;

export function addStatusCommand(program: Command, run: Run): void {
  program
    .command('status')
    .description('Show the training status; without an engine, the last known values and their age')
    .option('--watch', 'follow changes until Ctrl-C', false)
    .action((options: { watch: boolean }) =>
      run((session) => (options.watch ? watch(session) : showStatus(session))),
    );
}

async function showStatus(session: Session): Promise<ExitCode> {
  if ((await engineOf(session)) === null) return withoutEngine(session);
  try {
    const connection = await connect(session);
    try {
      const status = await connection.client.status.get();
      show(session, status, () => statusText(status, session.now()));
      return exitCode.ok;
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof NoEngine) return withoutEngine(session);
    throw error;
  }
}

async function withoutEngine(session: Session): Promise<ExitCode> {
  const known = await knownFromFiles(session);
  show(session, known, () => knownText(known, session.workspace));
  return exitCode.noEngine;
}

/** Lines that a text takes on the terminal, which breaks long ones. */
const terminalLines = (text: string, columns: number | null): number =>
  text
    .split('\n')
    .slice(0, -1)
    .reduce(
      (lines, line) =>
        lines + Math.max(1, Math.ceil(displayWidth(line) / (columns ?? Number.POSITIVE_INFINITY))),
      0,
    );

/**
 * Follows the feed. Redraws in place on a terminal; otherwise prints each change as text or a line
 * of JSON.
 */
async function watch(session: Session): Promise<ExitCode> {
  const connection = await connect(session);
  const abort = new AbortController();
  const stop = (): void => {
    abort.abort();
  };
  session.signal.addEventListener('abort', stop);
  void connection.closed.then(stop);
  let drawnLines = 0;
  const draw = (status: TrainingStatus): void => {
    if (session.json || !session.terminal.interactive) {
      show(session, status, () => statusText(status, session.now()));
      return;
    }
    const text = statusText(status, session.now());
    session.terminal.redraw(text, drawnLines);
    drawnLines = terminalLines(text, session.terminal.columns);
  };
  try {
    const { feed } = connection.client;
    await followRooms({
      calls: {
        snapshot: () => feed.snapshot(),
        changes: (input) => feed.changes(input, { signal: abort.signal }),
      },
      isOpen: () => !abort.signal.aborted,
      pause: () => wait(SNAPSHOT_AGAIN_MS),
      listener: {
        onSnapshot: (rooms) => {
          draw(rooms.status);
        },
        onChange(rooms, change) {
          if (change.rooms.status !== undefined) draw(rooms.status);
        },
      },
    });
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    session.signal.removeEventListener('abort', stop);
    connection.close();
  }
  if (session.signal.aborted) return exitCode.ok;
  throw new NoEngine(session.workspace, 'Lost the connection to the engine');
}

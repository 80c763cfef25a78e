/** status: what the engine says now, followed with --watch; without an engine what the files know, with its age. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { TrainingStatus } from '../contract/index.ts';
import { followRooms } from '../contract/snapshot-client.ts';
import { connect, engineOf } from './connection.ts';
import { knownFromFiles } from './files.ts';
import type { Run } from './program.ts';
import { exitCode, NoEngine, show, type ExitCode, type Session } from './session.ts';
import { knownText, statusText } from './status-text.ts';

const SNAPSHOT_AGAIN_MS = 100;

export function addStatusCommand(program: Command, run: Run): void {
  program
    .command('status')
    .description(
      'what is going on; without an engine, what is known from the files and how old that is',
    )
    .option('--watch', 'follow the changes until Ctrl-C', false)
    .action((options: { watch: boolean }) =>
      run((session) => (options.watch ? watch(session) : once(session))),
    );
}

async function once(session: Session): Promise<ExitCode> {
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

/** Follows the feed. On a terminal the block is drawn over, elsewhere a block (or a JSON line) is written for each change. */
async function watch(session: Session): Promise<ExitCode> {
  const connection = await connect(session);
  const leave = new AbortController();
  const end = (): void => {
    leave.abort();
  };
  session.signal.addEventListener('abort', end);
  void connection.closed.then(end);
  let drawn = 0;
  const draw = (status: TrainingStatus): void => {
    if (session.json || !session.terminal.interactive) {
      show(session, status, () => statusText(status, session.now()));
      return;
    }
    const text = statusText(status, session.now());
    session.terminal.out(`${drawn > 0 ? `\u001b[${String(drawn)}A\u001b[0J` : ''}${text}`);
    drawn = text.split('\n').length - 1;
  };
  try {
    const { feed } = connection.client;
    await followRooms({
      calls: {
        snapshot: () => feed.snapshot(),
        changes: (input) => feed.changes(input, { signal: leave.signal }),
      },
      isOpen: () => !leave.signal.aborted,
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
    if (!leave.signal.aborted) throw error;
  } finally {
    session.signal.removeEventListener('abort', end);
    connection.close();
  }
  if (session.signal.aborted) return exitCode.ok;
  throw new NoEngine(session.workspace, 'The engine went away');
}

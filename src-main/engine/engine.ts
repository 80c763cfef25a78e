/**
 * The engine: locks the workspace, creates the rooms (composition/rooms.ts), adopts a running
 * trainer and connects the rooms to clients.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { COMMAND_NAME } from '../contract/index.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { workspacePaths } from '../formats/workspace.ts';
import { createApi, createVersion, type EngineApi } from './api/index.ts';
import {
  closeRooms,
  createEngineFacts,
  createFailureReport,
  createPythonFinder,
  createRooms,
  createWorkspaceFolders,
  lineageState,
  lockWorkspace,
  startFeed,
} from './composition/index.ts';
import { createDamageReport } from './health/index.ts';
import { createJournal } from './journal/index.ts';
import type { PythonReading } from './setup/index.ts';
import type { TrainerRoom } from './trainer/index.ts';
import { createDaily } from './versions/index.ts';

export type { EngineApi } from './api/index.ts';
export type { LockFacts } from './composition/index.ts';

export interface EngineOptions {
  readonly workspace: string;
  /** The server's port, if it is known already; else see `setPort`. */
  readonly port?: number;
  /** Folder with nightshift_trainer and its .venv. */
  readonly packageFolder?: string;
  /** Finds the interpreter; tests name another one. */
  readonly python?: () => Promise<PythonReading>;
  readonly clock?: Clock;
  /** Writes one line to the engine's log. */
  readonly log?: (line: string) => void;
  /** Called when a client asks the engine to exit; training continues without it. */
  readonly leave?: () => void;
  /** Prints one sentence for whoever started the engine. */
  readonly warn?: (sentence: string) => void;
  /** The workspace belongs to another engine now; this one has to exit at once. */
  readonly lost?: (sentence: string) => void;
  /** Other times than the usual ones; set by tests. */
  readonly lock?: { readonly heartbeatSeconds: number; readonly leaseSeconds: number };
  readonly version?: string;
  readonly build?: string;
  /** How a user can type `nightshift` here. */
  readonly command?: string;
}

export type Engine = Awaited<ReturnType<typeof startEngine>>;

/** Refusals BUSY (another engine owns the workspace; `facts.holder`), READ_ONLY. */
export async function startEngine(options: EngineOptions) {
  const clock = options.clock ?? systemClock;
  const paths = workspacePaths(path.resolve(options.workspace));
  const facts = createEngineFacts({
    paths,
    started: clock.now(),
    version: options.version ?? process.env['NIGHTSHIFT_VERSION'] ?? 'development',
    build: options.build ?? process.env['NIGHTSHIFT_BUILD'] ?? 'development',
    port: options.port ?? 0,
    command: options.command ?? COMMAND_NAME,
  });
  await createWorkspaceFolders(paths);
  const print = (sentence: string): void => {
    options.log?.(sentence);
    options.warn?.(sentence);
  };
  let trainer: TrainerRoom | null = null;
  const lock = await lockWorkspace(paths, facts.lockFacts(), {
    ...options.lock,
    onWait: print,
    onLost: (sentence) => {
      // Nothing is written any more: the files belong to the other engine.
      trainer?.abandon();
      options.lost?.(sentence);
    },
  });

  const journal = createJournal({ paths, clock });
  const failed = createFailureReport(journal, clock, options.log ?? (() => undefined));
  const random = (): string => randomBytes(8).toString('hex');
  const damage = await createDamageReport({ paths, journal, clock });
  const ownsWorkspace = () => lock.isHeld();
  const shared = { paths, clock, journal, failed, random, ownsWorkspace, damage };
  const python = createPythonFinder(
    options.packageFolder ?? path.resolve(import.meta.dirname, '..', '..', 'python-runtime'),
    options.python,
  );
  const rooms = await createRooms(shared, facts, python);
  ({ trainer } = rooms);

  const { feed, stop: stopFeed } = startFeed(shared, rooms);

  // Before anything is trained: a restore that a crash interrupted is undone or finished.
  await rooms.restore.recover();
  await rooms.queue.start();
  await rooms.health.refresh();
  journal.write({
    what: 'engine.start',
    text: `The engine started (pid ${process.pid}, version ${facts.facts().version}).`,
  });
  const api: EngineApi = createApi({
    ...rooms,
    feed,
    lineageState: () => lineageState(rooms),
    leave: options.leave ?? (() => undefined),
  });
  const daily = await createDaily({
    ...shared,
    config: rooms.config,
    make: (description) =>
      createVersion(rooms, { description, by: 'daily schedule', how: 'automatically, daily' }),
  });

  let closing: Promise<void> | null = null;
  async function close(): Promise<void> {
    stopFeed();
    daily.close();
    await closeRooms(rooms);
    journal.write({
      what: 'engine.leave',
      text: 'The engine stopped; a running trainer continues.',
    });
    await journal.flush();
    await lock.release();
  }

  return {
    rooms,
    api,
    paths,
    failed,
    /** The server's port, for clients that find the engine by its lock file. */
    async setPort(port: number): Promise<void> {
      facts.setPort(port);
      await lock.update(facts.lockFacts());
      feed.touch('engine');
    },
    /** A running trainer continues. */
    close: (): Promise<void> => (closing ??= close()),
  };
}

/**
 * The engine: takes the workspace's lock, composes the rooms from the lowest up, adopts what runs already, and starts the timers.
 * The only place where one room's news move another room.
 */
import { randomBytes } from 'node:crypto';
import { access, constants, mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  CONTRACT_VERSION,
  type EngineFacts,
  isInAncestry,
  type LineageState,
  Refusal,
} from '../contract/index.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { takeLock } from '../kit/lock-file.ts';
import { workspacePaths } from '../formats/workspace.ts';
import { createMachine } from '../machine/index.ts';
import { createApi, type EngineApi } from './api.ts';
import { createBackups } from './backups/index.ts';
import { createCheckpoints, createHolds, readThrough } from './checkpoints/index.ts';
import { createConfig, createExternalCheck } from './config/index.ts';
import { createDatasets } from './datasets/index.ts';
import { createDiagnostics } from './diagnostics/index.ts';
import { createDisk } from './disk/index.ts';
import { createEstimate } from './estimate/index.ts';
import { createHealth } from './health/index.ts';
import { createJournal } from './journal/index.ts';
import { createLogs } from './logs/index.ts';
import { createMetrics } from './metrics/index.ts';
import { createNotices } from './notices/index.ts';
import { createQueue } from './queue/index.ts';
import { createRestore } from './restore/index.ts';
import { createSetup, findPython, type PythonReading } from './setup/index.ts';
import { createFeed, createStatus, type RoomReaders, writeScriptFiles } from './status/index.ts';
import { createTrainer } from './trainer/index.ts';
import { createDaily, createVersions } from './versions/index.ts';

export type { EngineApi } from './api.ts';

export interface EngineOptions {
  readonly workspace: string;
  /** The port that the server has; told later with `setPort`. */
  readonly port?: number;
  /** Folder that holds nightshift_trainer and its .venv. */
  readonly packageFolder?: string;
  /** Finds the interpreter; tests name another one. */
  readonly python?: () => Promise<PythonReading>;
  readonly clock?: Clock;
  /** One line for the engine's log. */
  readonly log?: (line: string) => void;
  /** Called when a client asks the engine to leave; training goes on without it. */
  readonly leave?: () => void;
  readonly version?: string;
  readonly build?: string;
}

export interface LockFacts {
  /** null while the server is not listening yet. */
  readonly port: number | null;
  readonly build: string;
  readonly contract: number;
  readonly version: string;
  readonly t: number;
}

export type Engine = Awaited<ReturnType<typeof startEngine>>;

/** Refusals BUSY (another engine holds the workspace; `facts.holder`), READ_ONLY. */
export async function startEngine(options: EngineOptions) {
  const clock = options.clock ?? systemClock;
  const paths = workspacePaths(path.resolve(options.workspace));
  const packageFolder =
    options.packageFolder ?? path.resolve(import.meta.dirname, '..', '..', 'python-runtime');
  const log = options.log ?? (() => undefined);
  const random = (): string => randomBytes(2).toString('hex');
  let port = options.port ?? 0;
  const started = clock.now();
  const version = options.version ?? process.env['NIGHTSHIFT_VERSION'] ?? 'development';
  const build = options.build ?? process.env['NIGHTSHIFT_BUILD'] ?? 'development';

  await makeTree(paths);
  const lockFacts = (): LockFacts => ({
    port: port === 0 ? null : port,
    build,
    contract: CONTRACT_VERSION,
    version,
    t: started,
  });
  const lock = await takeLock<LockFacts>(paths.engineLock, lockFacts());
  if (!lock.taken)
    throw new Refusal(
      'BUSY',
      `Another engine (pid ${lock.holder.pid}) owns the workspace ${paths.root}.`,
      {
        subject: paths.root,
        next:
          lock.holder.port === null ? 'It is starting.' : `It answers on port ${lock.holder.port}.`,
        facts: { holder: `pid ${lock.holder.pid}`, port: String(lock.holder.port ?? '') },
      },
    );

  const held = lock;

  const journal = createJournal({ paths, clock });
  /** A bug: logged with its stack and journalled; the engine goes on, the trainer is not touched. */
  const failed = (where: string, error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log(`${where}: ${text}`);
    journal.write({
      what: 'engine.failure',
      text: `${where}: ${error instanceof Error ? error.message : String(error)}`,
      evidence: { stack: text },
    });
  };

  let reading: Promise<PythonReading> | null = null;
  const lookForPython = (): Promise<PythonReading> => {
    reading = options.python?.() ?? findPython(packageFolder, process.env);
    return reading;
  };
  const python = async () => {
    let known = await (reading ?? lookForPython());
    // Setup may have finished since the last look.
    if (known.state === 'missing') known = await lookForPython();
    if (known.state === 'missing')
      throw new Refusal('NOT_READY', known.detail, { subject: 'python' });
    return known.facts;
  };

  const machine = createMachine({ clock });
  const config = await createConfig({
    paths,
    journal,
    clock,
    externalCheck: createExternalCheck({
      paths,
      gpus: () => machine.knownGpus(),
      ownPort: () => port,
    }),
  });
  const disk = createDisk({ paths, config, journal, clock });
  await disk.refresh();
  const trainer = createTrainer({
    paths,
    config,
    journal,
    clock,
    python,
    machine,
    threads: machine.threads,
  });
  const versions = await createVersions({
    paths,
    config,
    journal,
    clock,
    readThrough: (folder) => readThrough(trainer, folder),
  });
  const backups = await createBackups({ paths, config, disk, journal, versions, trainer, clock });
  const metrics = await createMetrics({
    paths,
    trainer,
    journal,
    clock,
    ancestry: () => versions.ancestry(),
  });
  const markVersions = (): void => {
    for (const { branch, step, created: t, name: label } of versions.list())
      if (isInAncestry(versions.ancestry(), { branch, step }))
        metrics.mark({ kind: 'version', step, t, until: null, label });
  };
  markVersions();
  const datasets = await createDatasets({
    paths,
    config,
    disk,
    journal,
    trainer,
    clock,
    random,
    failed,
    base: () => versions.base(),
    ancestry: () => versions.ancestry(),
  });
  const estimate = await createEstimate({
    paths,
    config,
    datasets,
    disk,
    journal,
    metrics,
    versions,
    clock,
    machine,
    failed,
  });
  // A change of the base goes the way of a restore, which needs the queue.
  let openLineage: (base: string) => Promise<void> = () => Promise.resolve();
  const queue = await createQueue({
    paths,
    config,
    datasets,
    disk,
    estimate,
    journal,
    metrics,
    versions,
    trainer,
    clock,
    random,
    failed,
    openLineage: (id) => openLineage(id),
  });
  const holds = createHolds({ paths, clock });
  const restore = createRestore({
    paths,
    holds,
    backups,
    config,
    datasets,
    disk,
    journal,
    metrics: {
      ...metrics,
      async follow(): Promise<void> {
        await metrics.follow();
        markVersions();
      },
    },
    queue,
    trainer,
    versions,
    clock,
    random,
    failed,
  });
  openLineage = async (id) => {
    const source = { kind: 'base', id } as const;
    const plan = await restore.plan(source);
    await restore.carryOut({ source, plan: plan.id, queue_again: false, by: 'the queue' });
  };
  const checkpoints = createCheckpoints({
    paths,
    holds,
    journal,
    versions,
    trainer,
    clock,
    datasets: () => datasets.files(),
    busy: () =>
      queue.isSupervising() ||
      trainer.view().alive ||
      // Between the rename of its file and the launch, or while the machine is not ready: the trainer may come at any moment.
      (queue.state().desired_state === 'running' && datasets.processing().length > 0)
        ? 'A trainer runs, and the checkpoints are its own.'
        : restore.state()?.state === 'running'
          ? 'A restore is under way.'
          : null,
  });
  const notices = await createNotices({
    paths,
    backups,
    config,
    datasets,
    disk,
    queue,
    restore,
    trainer,
    versions,
    clock,
    random,
    failed,
  });
  const setup = await createSetup({
    paths,
    config,
    datasets,
    disk,
    journal,
    trainer,
    versions,
    machine,
    clock,
    failed,
    python: lookForPython,
  });
  const health = createHealth({
    paths,
    config,
    journal,
    datasets,
    disk,
    queue,
    trainer,
    versions,
    clock,
    failed,
    python: () => setup.state().python,
  });
  const status = await createStatus({
    paths,
    config,
    datasets,
    disk,
    metrics,
    queue,
    trainer,
    versions,
    machine,
    clock,
    failed,
  });

  const diagnostics = createDiagnostics({
    paths,
    clock,
    home: os.homedir(),
    version,
    build,
    live: async () => ({
      checks: await health.run(),
      memory: status.memoryStats(),
      costs: await health.costs(),
      disk: await disk.use(),
      datasets: queue.datasets(),
    }),
  });

  const facts = (): EngineFacts => ({
    contract: CONTRACT_VERSION,
    build,
    version,
    pid: process.pid,
    started,
    workspace: paths.root,
    workspace_name: path.basename(paths.root),
    port,
    platform: process.platform,
  });
  const newestStepOf = (branch: string): number | null => {
    const steps = [...versions.saved(), ...versions.list()]
      .filter((version) => version.branch === branch)
      .map((version) => version.step);
    return steps.length === 0 ? null : Math.max(...steps);
  };
  const lineageState = (): LineageState => {
    const base = versions.base();
    return {
      model_name: config.values().model_name,
      base: base === null ? null : { id: base.id, label: base.label, hash: base.hash },
      head: versions.branch(),
      branches: versions.branches().map(({ name, parent, opened, why }) => ({
        name,
        parent,
        opened,
        why,
        newest_step: newestStepOf(name),
      })),
      checkpoints: versions
        .saved()
        .map((version) => {
          const { branch, step, folder, bytes, problem, manifest } = version;
          const id = manifest.cursor?.dataset ?? null;
          const name = id === null ? null : datasets.nameOf(id);
          return {
            branch,
            step,
            created: manifest.created,
            folder,
            bytes,
            dataset: id === null || name === null ? null : { id, name },
            complete: manifest.cursor?.complete ?? false,
            in_ancestry: isInAncestry(versions.ancestry(), { branch, step }),
            problem,
          };
        })
        .sort((a, b) => b.created - a.created),
      restore: restore.state(),
    };
  };
  const readers: RoomReaders = {
    engine: facts,
    status: () => status.get(),
    queue: () => queue.state(),
    datasets: () => [...queue.datasets()],
    versions: () => [...versions.list()],
    lineage: () => lineageState(),
    backups: () => [...backups.list()],
    notices: () => [...notices.list()],
    health: () => [...health.list()],
    config: () => config.state(),
    machine: () => status.machine(),
    setup: () => setup.state(),
    journal: () => [...journal.recent()],
    previews: () => [...metrics.previews(20)],
  };
  const feed = createFeed({ clock, readers, failed });
  const stops = [
    writeScriptFiles({
      paths,
      clock,
      memory: status.memoryStats,
      costs: () => health.costs(),
      failed,
    }),
    status.changed.on(() => {
      feed.touch('status');
    }),
    status.machineChanged.on(() => {
      feed.touch('machine');
      if (queue.open() !== null) feed.touch('datasets');
    }),
    queue.changed.on(() => {
      feed.touch('queue');
      feed.touch('datasets');
    }),
    datasets.changed.on(() => {
      feed.touch('datasets');
      feed.touch('setup');
    }),
    versions.changed.on(() => {
      feed.touch('versions');
      feed.touch('lineage');
    }),
    restore.changed.on(() => {
      feed.touch('lineage');
    }),
    backups.changed.on(() => {
      feed.touch('backups');
    }),
    notices.changed.on(() => {
      feed.touch('notices');
    }),
    health.changed.on(() => {
      feed.touch('health');
    }),
    config.changed.on(() => {
      feed.touch('config');
      feed.touch('setup');
      feed.touch('datasets');
      void versions.refreshBase().catch((error: unknown) => {
        failed('versions.refreshBase', error);
      });
    }),
    disk.changed.on(() => {
      feed.touch('machine');
      feed.touch('setup');
    }),
    setup.changed.on(() => {
      feed.touch('setup');
    }),
    journal.written.on(() => {
      feed.touch('journal');
    }),
    metrics.news.on((news) => {
      feed.news(news);
      feed.touch('previews');
    }),
    trainer.changed.on(() => {
      feed.touch('status');
    }),
    trainer.events.on((event) => {
      if (event.type !== 'checkpoint') return;
      void versions
        .allCheckpoints()
        .then(() => {
          feed.touch('lineage');
        })
        .catch((error: unknown) => {
          failed('versions.checkpoints', error);
        });
    }),
  ];

  // Before anything may be trained: a restore that a crash cut short is undone or finished.
  await restore.recover();
  await queue.start();
  await health.run();
  journal.write({
    what: 'engine.start',
    text: `The engine started (pid ${process.pid}, version ${version}).`,
  });

  const api: EngineApi = createApi({
    facts,
    lineage: lineageState,
    leave: options.leave ?? (() => undefined),
    feed,
    status,
    queue,
    datasets,
    versions,
    backups,
    checkpoints,
    metrics,
    config,
    estimate,
    diagnostics,
    disk,
    journal,
    logs: createLogs({ paths }),
    notices,
    health,
    setup,
    restore,
  });
  const daily = await createDaily({
    paths,
    config,
    journal,
    clock,
    failed,
    make: (description) =>
      api.versions.create({ description, by: 'the program', how: 'automatically, daily' }),
  });
  let closing: Promise<void> | null = null;
  async function close(): Promise<void> {
    for (const stop of stops) stop();
    daily.close();
    feed.close();
    await restore.close();
    queue.close();
    health.close();
    setup.close();
    backups.close();
    await status.close();
    machine.close();
    await datasets.close();
    await notices.close();
    metrics.close();
    await trainer.close();
    await config.close();
    journal.write({ what: 'engine.leave', text: 'The engine left; a running trainer goes on.' });
    await journal.flush();
    await held.release();
  }

  return {
    rooms: {
      backups,
      config,
      datasets,
      disk,
      health,
      journal,
      metrics,
      notices,
      queue,
      restore,
      setup,
      status,
      trainer,
      versions,
    },
    api,
    paths,
    failed,
    /** The server's port, for clients that find the engine by its lock file. */
    async setPort(taken: number): Promise<void> {
      port = taken;
      await held.update(lockFacts());
      feed.touch('engine');
    },
    /** Leaves the trainer running. */
    close: (): Promise<void> => (closing ??= close()),
  };
}

async function makeTree(paths: ReturnType<typeof workspacePaths>): Promise<void> {
  try {
    for (const folder of [
      paths.root,
      paths.inbox,
      paths.datasets,
      paths.runs,
      paths.models,
      paths.versions,
      paths.logs,
      paths.journal,
      paths.status,
    ])
      await mkdir(folder, { recursive: true });
    await access(paths.root, constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    if (!['EACCES', 'EROFS', 'EPERM'].includes(code)) throw error;
    throw new Refusal('READ_ONLY', `The workspace ${paths.root} cannot be written (${code}).`, {
      subject: paths.root,
      next: 'Choose another folder, or give this account write permission.',
    });
  }
}

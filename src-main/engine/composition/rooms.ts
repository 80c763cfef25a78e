/**
 * Creates the rooms from the lowest up. The only place that knows which room gets which other
 * rooms.
 */
import os from 'node:os';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { createMachine } from '../../machine/index.ts';
import { createBackups } from '../backups/index.ts';
import { createBaseModels } from '../base-models/index.ts';
import {
  createCheckpointLeases,
  createCheckpointMaintenance,
  createCheckpoints,
} from '../checkpoints/index.ts';
import { createConfig, createExternalCheck } from '../config/index.ts';
import { createDatasets } from '../datasets/index.ts';
import { createDiagnostics } from '../diagnostics/index.ts';
import { createDrill } from '../drill/index.ts';
import { createDisk } from '../disk/index.ts';
import { createEstimate } from '../estimate/index.ts';
import { createHealth, type DamageReport } from '../health/index.ts';
import type { Journal } from '../journal/index.ts';
import { createLineage } from '../lineage/index.ts';
import { createLogs } from '../logs/index.ts';
import { createMetrics } from '../metrics/index.ts';
import { createNotices } from '../notices/index.ts';
import { createPlayground } from '../playground/index.ts';
import { createQueue } from '../queue/index.ts';
import { createRestore } from '../restore/index.ts';
import { createSetup } from '../setup/index.ts';
import { createStatus } from '../status/index.ts';
import { createTrainer } from '../trainer/index.ts';
import { createVersions, versionMarkers } from '../versions/index.ts';
import type { EngineFactsSource } from './engine-facts.ts';
import type { PythonFinder } from './python-finder.ts';

/** What every room gets. */
export interface SharedOptions {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly failed: (where: string, error: unknown) => void;
  readonly random: () => string;
  /** Damaged files, found before the rooms read them. */
  readonly damage: DamageReport;
  /** False once another engine has taken the workspace. */
  readonly ownsWorkspace: () => Promise<boolean>;
}

/** Settings, machine and model. */
async function createModelRooms(
  shared: SharedOptions,
  facts: EngineFactsSource,
  python: PythonFinder,
) {
  const { paths } = shared;
  const machine = createMachine(shared);
  const { threads } = machine;
  const externalCheck = createExternalCheck({
    paths,
    gpus: () => machine.knownGpus(),
    ownPort: facts.port,
  });
  const config = await createConfig({ ...shared, externalCheck });
  const disk = createDisk({ ...shared, config });
  await disk.refresh();
  const trainer = createTrainer({
    ...shared,
    config,
    python: python.require,
    machine,
    threads,
  });
  const lineage = await createLineage(shared);
  const checkpoints = await createCheckpoints({ ...shared, lineage, trainer });
  const baseModels = await createBaseModels({ ...shared, config, lineage, checkpoints });
  const versions = await createVersions({ ...shared, lineage, checkpoints });
  const backups = await createBackups({ ...shared, config, disk, lineage, versions, trainer });
  const metrics = await createMetrics({
    ...shared,
    trainer,
    ancestry: lineage.ancestry,
    versionMarkers: () => versionMarkers(versions.list(), lineage.ancestry()),
  });
  const model = { lineage, checkpoints, baseModels, versions, backups, metrics };
  return { ...model, machine, config, disk, trainer };
}
type ModelRooms = Awaited<ReturnType<typeof createModelRooms>>;

/** Datasets, the queue and restores. */
async function createTrainingRooms(shared: SharedOptions, model: ModelRooms) {
  const { lineage, baseModels } = model;
  const datasets = await createDatasets({
    ...shared,
    ...model,
    base: baseModels.selected,
    ancestry: lineage.ancestry,
  });
  const estimate = await createEstimate({ ...shared, ...model, datasets });
  const queue = await createQueue({ ...shared, ...model, datasets, estimate });
  const leases = createCheckpointLeases(shared);
  const restore = createRestore({ ...shared, ...model, datasets, queue, leases });
  queue.connect(restore);
  const maintenance = createCheckpointMaintenance({
    ...shared,
    ...model,
    leases,
    base: baseModels.selected,
    datasets: () => datasets.files(),
    busyReason: () => queue.busyReason() ?? restore.busyReason(),
  });
  return { datasets, estimate, queue, restore, maintenance };
}
type TrainingRooms = Awaited<ReturnType<typeof createTrainingRooms>>;

/** What people see: notices, setup, health, status, diagnostics. */
async function createMonitorRooms(
  shared: SharedOptions,
  rooms: ModelRooms & TrainingRooms,
  facts: EngineFactsSource,
  python: PythonFinder,
) {
  const notices = await createNotices({ ...shared, ...rooms });
  const setup = await createSetup({ ...shared, ...rooms, python: python.find });
  const health = createHealth({ ...shared, ...rooms, python: () => setup.state().python });
  const status = await createStatus({ ...shared, ...rooms });
  const { version, build } = facts.facts();
  const diagnostics = createDiagnostics({
    ...shared,
    home: os.homedir(),
    version,
    build,
    live: async () => ({
      checks: await health.run(),
      memory: status.memoryStats(),
      costs: await health.costs(),
      disk: await rooms.disk.use(),
      datasets: rooms.queue.datasets(),
    }),
  });
  const drill = createDrill(shared);
  return { notices, setup, health, status, diagnostics, drill, logs: createLogs(shared) };
}

export type Rooms = Awaited<ReturnType<typeof createRooms>>;

export async function createRooms(
  shared: SharedOptions,
  facts: EngineFactsSource,
  python: PythonFinder,
) {
  const model = await createModelRooms(shared, facts, python);
  const training = await createTrainingRooms(shared, model);
  const monitor = await createMonitorRooms(shared, { ...model, ...training }, facts, python);
  const playground = await createPlayground({
    ...shared,
    ...model,
    threads: model.machine.threads,
  });
  const { journal } = shared;
  return { ...model, ...training, ...monitor, playground, journal, facts: facts.facts };
}

/** From the rooms that act to the rooms that they use; the trainer process keeps running. */
export async function closeRooms(rooms: Rooms): Promise<void> {
  await rooms.restore.close();
  rooms.drill.close();
  rooms.playground.close();
  rooms.queue.close();
  rooms.estimate.close();
  rooms.health.close();
  rooms.setup.close();
  rooms.backups.close();
  await rooms.status.close();
  rooms.machine.close();
  await rooms.datasets.close();
  await rooms.notices.close();
  rooms.metrics.close();
  rooms.checkpoints.close();
  await rooms.trainer.close();
  await rooms.config.close();
}

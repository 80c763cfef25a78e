/** The contract's other side: one function for every procedure, over the rooms. Throws `Refusal` for an expected no. */
import type {
  Activity,
  Backup,
  BackupCleanup,
  BackupSource,
  BackupType,
  BranchValidation,
  Change,
  Check,
  CheckpointCheck,
  CheckpointCleanup,
  ColumnMapping,
  ConfigState,
  CrashReport,
  CurveKey,
  Curves,
  DatasetDetails,
  DatasetReport,
  DatasetSummary,
  DiagnosticsList,
  DiskUse,
  EngineFacts,
  EstimateAnswer,
  OverLongAnswer,
  JournalEntry,
  LineageState,
  LogLines,
  LogSource,
  Machine,
  MemoryStats,
  MonitoringCosts,
  Notice,
  Preview,
  Priority,
  QueueState,
  RestorePlan,
  RestoreResult,
  RestoreSource,
  RowDetails,
  Setup,
  Snapshot,
  TrainingStatus,
  Version,
  VersionCheck,
} from '../contract/index.ts';
import type { BackupsRoom } from './backups/index.ts';
import type { CheckpointsRoom } from './checkpoints/index.ts';
import type { ConfigRoom } from './config/index.ts';
import type { DatasetsRoom, RowsInput } from './datasets/index.ts';
import type { EstimateRoom } from './estimate/index.ts';
import type { DiagnosticsRoom } from './diagnostics/index.ts';
import type { DiskRoom } from './disk/index.ts';
import type { HealthRoom } from './health/index.ts';
import type { Journal } from './journal/index.ts';
import type { LogsRoom } from './logs/index.ts';
import type { MetricsRoom } from './metrics/index.ts';
import type { NoticesRoom } from './notices/index.ts';
import type { CommandResult, QueueRoom } from './queue/index.ts';
import type { RestoreRoom } from './restore/index.ts';
import type { SetupRoom } from './setup/index.ts';
import type { Feed, StatusRoom } from './status/index.ts';
import { measuredBy, type VersionsRoom } from './versions/index.ts';

export interface Controlled extends CommandResult {
  readonly state: TrainingStatus['state'];
}
const done = { ok: true } as const;
export type Done = typeof done;

export interface ApiRooms {
  readonly facts: () => EngineFacts;
  readonly lineage: () => LineageState;
  readonly leave: () => void;
  readonly feed: Feed;
  readonly status: StatusRoom;
  readonly queue: QueueRoom;
  readonly datasets: DatasetsRoom;
  readonly versions: VersionsRoom;
  readonly backups: BackupsRoom;
  readonly checkpoints: CheckpointsRoom;
  readonly metrics: MetricsRoom;
  readonly config: ConfigRoom;
  readonly estimate: EstimateRoom;
  readonly diagnostics: DiagnosticsRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly logs: LogsRoom;
  readonly notices: NoticesRoom;
  readonly health: HealthRoom;
  readonly restore: RestoreRoom;
  readonly setup: SetupRoom;
}

export type EngineApi = ReturnType<typeof createApi>;

export function createApi(options: ApiRooms) {
  const controlled = async (act: Promise<CommandResult>): Promise<Controlled> => {
    const acted = await act;
    const { state, reason } = options.status.get();
    return { ...acted, state, text: acted.text === '' ? (reason ?? state) : acted.text };
  };
  const withTimes = (dataset: DatasetSummary): DatasetSummary =>
    options.queue.datasets().find((known) => known.id === dataset.id) ?? dataset;
  return {
    engine: {
      facts: (): EngineFacts => options.facts(),
      leave: (): Done => {
        options.leave();
        return done;
      },
    },
    feed: {
      snapshot: (): Snapshot => options.feed.snapshot(),
      subscribe: (since: number, listener: (change: Change) => void): (() => void) =>
        options.feed.subscribe(since, listener),
    },
    status: {
      get: (): TrainingStatus => options.status.get(),
      machine: (): Machine => options.status.machine(),
      gpu: (): TrainingStatus['gpu'] => options.status.get().gpu,
      memory: (): MemoryStats => options.status.memoryStats(),
    },
    training: {
      pause: (i: { readonly by: string }): Promise<Controlled> =>
        controlled(options.queue.pause(i.by)),
      resume: (i: { readonly by: string }): Promise<Controlled> =>
        controlled(options.queue.resume(i.by)),
      stop: (i: { readonly now: boolean; readonly by: string }): Promise<Controlled> =>
        controlled(options.queue.stop(i.now, i.by)),
      skip: (i: { readonly by: string }): Promise<Controlled> =>
        controlled(options.queue.skip(i.by)),
    },
    queue: {
      state: (): {
        queue: QueueState;
        counts: TrainingStatus['queue'];
        datasets: DatasetSummary[];
      } => ({
        queue: options.queue.state(),
        counts: options.datasets.counts(),
        datasets: [...options.queue.datasets()],
      }),
      add: (i: { readonly paths: readonly string[]; readonly priority: Priority }) =>
        options.datasets.add(i.paths, i.priority),
      move: async (i: {
        readonly id: string;
        readonly priority: Priority;
        readonly before: string | null;
      }): Promise<DatasetSummary> =>
        withTimes(await options.queue.move(i.id, i.priority, i.before)),
      hold: async (i: { readonly id: string; readonly held: boolean }): Promise<DatasetSummary> =>
        withTimes(await options.queue.hold(i.id, i.held)),
      retry: async (i: { readonly id: string }): Promise<DatasetSummary> =>
        withTimes(await options.queue.retry(i.id)),
      remove: async (i: { readonly id: string }): Promise<Done> => {
        await options.queue.remove(i.id);
        return done;
      },
    },
    datasets: {
      list: (): DatasetSummary[] => [...options.queue.datasets()],
      get: async (i: { readonly id: string }): Promise<DatasetDetails> => {
        const details = await options.datasets.get(i.id);
        return {
          ...details,
          summary: withTimes(details.summary),
          estimate: await options.estimate.kept(i.id),
        };
      },
      overLong: (i: { readonly id: string }): Promise<OverLongAnswer> =>
        options.estimate.overLong(i.id),
      rows: (i: RowsInput & { readonly id: string }): ReturnType<DatasetsRoom['rows']> =>
        options.datasets.rows(i),
      row: (i: { readonly id: string; readonly row: number }): Promise<RowDetails> =>
        options.datasets.row(i),
      mapColumns: (i: {
        readonly id: string;
        readonly mapping: ColumnMapping;
      }): Promise<DatasetSummary> => options.datasets.mapColumns(i.id, i.mapping),
      acceptValidRows: (i: { readonly id: string }): Promise<DatasetSummary> =>
        options.datasets.acceptValidRows(i.id),
      validate: (i: { readonly path: string }): Promise<DatasetReport> =>
        options.datasets.validate(i.path),
    },
    uploads: {
      begin: (i: {
        readonly name: string;
        readonly bytes: number;
        readonly key: string;
        readonly priority: Priority;
      }): Promise<{ upload: string; offset: number }> => options.datasets.begin(i),
      append: (i: {
        readonly upload: string;
        readonly offset: number;
        readonly chunk: Blob;
      }): Promise<{ offset: number }> => options.datasets.append(i.upload, i.offset, i.chunk),
      finish: (i: { readonly upload: string; readonly sha256: string }): Promise<DatasetSummary> =>
        options.datasets.finish(i.upload, i.sha256),
      cancel: async (i: { readonly upload: string }): Promise<Done> => {
        await options.datasets.cancel(i.upload);
        return done;
      },
    },
    versions: {
      list: (): Version[] => [...options.versions.list()],
      create: async (i: {
        readonly description: string;
        readonly by: string;
        readonly how?: string;
      }): Promise<Version> => {
        await options.metrics.settled;
        const { evaluation, smoothed } = options.metrics.latest();
        const open = options.queue.open();
        return options.versions.createByHand({
          ...i,
          dataset: open === null ? null : { id: open.dataset.id, name: open.dataset.name },
          config: open?.pass.config ?? options.config.values(),
          ...measuredBy(evaluation),
          trainingLoss: smoothed,
        });
      },
      get: (i: { readonly name: string }): Promise<{ version: Version; last_copy: boolean }> =>
        options.versions.get(i.name),
      pin: (i: { readonly name: string; readonly pinned: boolean }): Promise<Version> =>
        options.versions.pin(i.name, i.pinned),
      verify: (i: { readonly name: string }): Promise<VersionCheck> =>
        options.versions.verify(i.name),
      remove: async (i: {
        readonly name: string;
        readonly confirm: string | null;
        readonly last_copy: boolean;
        readonly by: string;
      }): Promise<Done> => {
        await options.versions.remove(i.name, i);
        return done;
      },
    },
    lineage: { get: (): LineageState => options.lineage() },
    checkpoints: {
      verify: (i: { readonly branch: string | null }): Promise<CheckpointCheck> =>
        options.checkpoints.verify(i.branch),
      cleanup: (i: {
        readonly keep: number;
        readonly execute: boolean;
        readonly by: string;
      }): Promise<CheckpointCleanup> => options.checkpoints.cleanup(i),
    },
    restore: {
      plan: (i: { readonly source: RestoreSource }): Promise<RestorePlan> =>
        options.restore.plan(i.source),
      carryOut: (i: {
        readonly source: RestoreSource;
        readonly plan: string;
        readonly queue_again: boolean;
        readonly by: string;
      }): Promise<RestoreResult> => options.restore.carryOut(i),
    },
    backups: {
      list: (): Backup[] => [...options.backups.list()],
      create: (i: {
        readonly source: BackupSource;
        readonly type: BackupType;
        readonly reason: string;
        readonly by: string;
      }): Promise<Backup> => options.backups.create(i),
      verify: (i: { readonly id: string }): Promise<Backup> => options.backups.verify(i.id),
      extract: (i: { readonly id: string; readonly to: string; readonly by: string }) =>
        options.backups.extract(i),
      cleanup: (i: {
        readonly retention_days: number | null;
        readonly last_copies: boolean;
        readonly execute: boolean;
        readonly by: string;
      }): Promise<BackupCleanup> => options.backups.cleanup(i),
    },
    metrics: {
      curves: (i: {
        keys: CurveKey[];
        from: number | null;
        to: number | null;
        buckets: number;
        smoothing: number;
      }): Curves => options.metrics.curves(i),
      validation: (): BranchValidation[] => [...options.metrics.validation()],
      activity: (i: { readonly hours: number }): Promise<Activity> =>
        options.metrics.activity(i.hours),
      previews: (i: { readonly limit: number }): Preview[] => [
        ...options.metrics.previews(i.limit),
      ],
    },
    config: {
      get: (): ConfigState => options.config.state(),
      set: (i: {
        readonly key: string;
        readonly value?: unknown;
        readonly confirm: string | null;
        readonly stage: boolean;
        readonly by: string;
      }): Promise<ConfigState> => options.config.set({ ...i, value: i.value }),
      unstage: (i: { readonly key: string }): Promise<ConfigState> => options.config.unstage(i.key),
      estimate: (i: {
        readonly changes: Readonly<Record<string, unknown>>;
        readonly dataset: string | null;
      }): Promise<EstimateAnswer> => options.estimate.estimate(i),
    },
    journal: {
      read: (i: { readonly limit: number }): Promise<JournalEntry[]> =>
        options.journal.read(i.limit),
    },
    logs: {
      read: (i: { source: LogSource; search: string; limit: number }): Promise<LogLines> =>
        options.logs.read(i),
    },
    notices: {
      list: (): Notice[] => [...options.notices.list()].sort((a, b) => b.t - a.t),
      dismiss: (i: { readonly id: string }): Done => {
        options.notices.dismiss(i.id);
        return done;
      },
    },
    health: {
      run: async (): Promise<Check[]> => [...(await options.health.run())],
      crashes: async (i: {
        readonly days: number;
        readonly limit: number;
      }): Promise<CrashReport[]> => [...(await options.health.crashes(i.days, i.limit))],
      monitoring: (): Promise<MonitoringCosts> => options.health.costs(),
    },
    disk: { use: (): Promise<DiskUse> => options.disk.use() },
    diagnostics: {
      list: (i: { readonly names: boolean }): Promise<DiagnosticsList> =>
        options.diagnostics.list(i.names),
      bundle: async (i: { readonly names: boolean }): Promise<Blob> => {
        const { name, bytes } = await options.diagnostics.bundle(i.names);
        return new File([new Uint8Array(bytes)], name, { type: 'application/gzip' });
      },
    },
    setup: {
      get: (): Setup => options.setup.state(),
      choose: (i: {
        readonly base: 'smollm2' | 'starter' | 'folder';
        readonly folder: string | null;
      }): Promise<Setup> => options.setup.choose(i.base, i.folder),
      sample: async (): Promise<Done> => {
        await options.setup.sample();
        return done;
      },
    },
  };
}

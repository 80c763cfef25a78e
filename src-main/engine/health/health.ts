/** Runs the checks on a timer, and reads crashes and costs on request. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import {
  type Check,
  crashesFrom,
  type CrashReport,
  type MonitoringCosts,
  systemRefusal,
} from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { BaseModelsRoom } from '../base-models/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { QueueRoom } from '../queue/index.ts';
import { readLogEnd, type TrainerRoom } from '../trainer/index.ts';
import {
  checkBase,
  checkCheckpoint,
  checkConfig,
  checkDisk,
  checkFiles,
  checkPermissions,
  checkPython,
  checkQueue,
  type CheckResult,
  checkTrainer,
} from './checks.ts';
import { CostReader } from './cost-reader.ts';
import { costsFrom } from './costs.ts';
import type { DamageReport } from './damage.ts';
import { readOpenPlaces } from './permissions.ts';

const CHECK_SECONDS = 30;
const STALE_HEARTBEAT_SECONDS = 30;
/** A file that has not been validated by then is stuck. */
const STUCK_MINUTES = 15;
/** Journal lines that are searched for crashes. */
const JOURNAL_LINES = 20_000;
/** Log lines that are shown with a crash. */
const LOG_LINES = 30;
const DAY_SECONDS = 86_400;

export interface HealthRoom {
  readonly changed: Emitter<void>;
  /** The latest results. */
  list(): readonly Check[];
  /** Checks now, and waits for what is slow. */
  run(): Promise<readonly Check[]>;
  /** Checks now; what is slow follows in the background. */
  refresh(): Promise<readonly Check[]>;
  /** Newest first. */
  crashes(days: number, limit: number): Promise<readonly CrashReport[]>;
  costs(): Promise<MonitoringCosts>;
  close(): void;
}

export interface HealthOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly journal: Journal;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly queue: QueueRoom;
  readonly trainer: TrainerRoom;
  readonly baseModels: Pick<BaseModelsRoom, 'refresh' | 'selectedId' | 'problem'>;
  readonly checkpoints: CheckpointsRoom;
  readonly clock: Clock;
  readonly python: () => { readonly state: 'ok' | 'missing' | 'checking'; readonly detail: string };
  readonly failed: (where: string, error: unknown) => void;
  readonly damage: DamageReport;
}

export const createHealth = (options: HealthOptions): HealthRoom => new Health(options);

class Health implements HealthRoom {
  readonly changed = new Emitter<void>();
  private readonly options: HealthOptions;
  private readonly costReader: CostReader;
  private readonly stop: () => void;
  private checks: readonly Check[] = [];

  constructor(options: HealthOptions) {
    this.options = options;
    this.costReader = new CostReader(options.paths);
    this.stop = options.clock.every(CHECK_SECONDS, async () => {
      await this.runChecks(false).catch((error: unknown) => {
        options.failed('health.run', error);
      });
    });
  }

  list(): readonly Check[] {
    return this.checks;
  }

  run(): Promise<readonly Check[]> {
    return this.runChecks(true);
  }

  refresh(): Promise<readonly Check[]> {
    return this.runChecks(false);
  }

  /** `isAsked`: somebody waits for the answer; what is slow is then done at once. */
  private async runChecks(isAsked: boolean): Promise<readonly Check[]> {
    const { freeGb, floorGb } = this.options.disk.reading();
    const python = this.options.python();
    this.checks = [
      await this.check('trainer', 'Engine and trainer', () => this.trainer()),
      await this.check('disk', 'Disk space', () => this.disk(freeGb, floorGb)),
      await this.check('python', 'Python', () => checkPython(python.state, python.detail)),
      await this.check('config', 'Configuration', () =>
        checkConfig(this.options.config.state().problem, this.options.paths.config),
      ),
      await this.check('base', 'Base model', () => this.base()),
      await this.check('checkpoint', 'Newest checkpoint', () => this.checkpoint(isAsked)),
      await this.check('queue', 'Inbox and queue', () => this.queue()),
      await this.check('files', 'Workspace files', () => this.files(isAsked)),
      await this.check('permissions', 'Permissions', async () =>
        checkPermissions(await readOpenPlaces(this.options.paths), this.options.paths.root),
      ),
    ];
    this.changed.emit(undefined);
    return this.checks;
  }

  async crashes(days: number, limit: number): Promise<readonly CrashReport[]> {
    const { clock, journal, datasets, paths } = this.options;
    const since = clock.now() - days * DAY_SECONDS;
    const crashes = crashesFrom(await journal.read(JOURNAL_LINES), since).slice(0, limit);
    const names = new Map(datasets.list().map(({ id, name }) => [id, name]));
    return Promise.all(
      crashes.map(async (crash) => ({
        ...crash,
        dataset: crash.dataset === null ? null : (names.get(crash.dataset) ?? crash.dataset),
        log: lastLines(crash.run === '' ? '' : await readLogEnd(paths.run(crash.run))),
      })),
    );
  }

  async costs(): Promise<MonitoringCosts> {
    const { user, system } = process.cpuUsage();
    const run = this.options.trainer.view().run ?? this.costReader.run;
    return costsFrom({
      budgetPercent: this.options.config.values().budget.monitoring_percent,
      events: run === null ? [] : await this.costReader.read(run),
      run,
      engineCpu: (user + system) / 1e6,
      engineSeconds: process.uptime(),
      now: this.options.clock.now(),
    });
  }

  close(): void {
    this.stop();
  }

  private async check(
    id: string,
    label: string,
    read: () => CheckResult | Promise<CheckResult>,
  ): Promise<Check> {
    const t = this.options.clock.now();
    try {
      return { id, label, t, ...(await read()) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { id, label, t, state: 'unknown', evidence: `Check failed: ${message}`, fix: null };
    }
  }

  private trainer(): CheckResult {
    const { trainer, queue } = this.options;
    const { alive, pid, heartbeat, recovering } = trainer.view();
    return checkTrainer({
      isSupervising: queue.isSupervising(),
      alive,
      pid,
      phase: heartbeat?.phase ?? null,
      ageSeconds: heartbeat?.age_s ?? null,
      staleAfter: STALE_HEARTBEAT_SECONDS,
      recovering: recovering?.cause ?? null,
      notReady: queue.notReady()?.message ?? null,
    });
  }

  private async checkpoint(isAsked: boolean): Promise<CheckResult> {
    const { checkpoints, clock } = this.options;
    const [newest = null] = await checkpoints.ofHead();
    const unreadable = await checkpoints.unreadable();
    const hasAny = newest !== null || unreadable.length > 0;
    const full = hasAny ? await checkpoints.fullCheck(isAsked) : null;
    return checkCheckpoint({ newest, unreadable, full, now: clock.now() });
  }

  /** Also notices a base model that was removed or put back. */
  private async base(): Promise<CheckResult> {
    const { baseModels } = this.options;
    await baseModels.refresh();
    return checkBase(baseModels.selectedId(), await baseModels.problem());
  }

  /** Every file is read at the start and when somebody asks; in between, only what a start reads. */
  private async files(isAsked: boolean): Promise<CheckResult> {
    const { damage } = this.options;
    if (isAsked) await damage.inspectAll();
    else await damage.inspectState();
    return checkFiles(damage.found(), damage.repaired());
  }

  /** A read-only disk, and a full one whose minimum free space is 0, fail here as well. */
  private async disk(freeGb: number | null, floorGb: number | null): Promise<CheckResult> {
    const { paths, queue } = this.options;
    const problem = await access(paths.root, constants.W_OK).then(
      () => (freeGb === 0 ? 'The disk is full.' : queue.unsavedState()),
      (error: unknown) => systemRefusal(error)?.message ?? null,
    );
    return checkDisk(freeGb, floorGb, problem);
  }

  private queue(): CheckResult {
    const now = this.options.clock.now();
    const datasets = this.options.datasets.list();
    const waiting = datasets
      .filter(({ verdict }) => verdict === 'waiting')
      .map(({ name, added, message }) => ({ name, message, minutes: (now - added) / 60 }));
    return checkQueue({
      stuck: waiting
        .filter(({ minutes }) => minutes > STUCK_MINUTES)
        .map((dataset) => ({ ...dataset, minutes: Math.round(dataset.minutes) })),
      needDecision: datasets.filter(({ verdict }) => verdict === 'needs_decision').length,
      waiting: datasets.filter(({ place }) => place === 'queue').length,
    });
  }
}

const lastLines = (log: string): string[] =>
  log
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-LOG_LINES);

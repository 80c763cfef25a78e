/**
 * Health: checks with evidence and a way out, the history of crashes, and what watching costs.
 * Promises: a check says what it saw; what could not be looked at is unknown, never ok.
 * Never: changes anything.
 */
import type { Check, CrashReport, MonitoringCosts } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { QueueRoom } from '../queue/index.ts';
import { readLogEnd, type TrainerRoom } from '../trainer/index.ts';
import { CostReader } from './cost-reader.ts';
import { costsFrom } from './costs.ts';
import { crashesFrom } from './crashes.ts';
import {
  checkCheckpoint,
  checkDisk,
  checkPython,
  checkQueue,
  checkTrainer,
  type Judgement,
} from './decide.ts';

const secondsBetween = 30;
/** A file that is not validated after this time is stuck. */
const stuckAfterMinutes = 15;
/** Journal lines that are looked through for crashes. */
const journalLines = 20_000;
/** The end of a crashed trainer's log that is shown. */
const excerptLines = 30;

export interface HealthRoom {
  readonly changed: Emitter<void>;
  /** The newest results. */
  list(): readonly Check[];
  /** Looks now. */
  run(): Promise<readonly Check[]>;
  /** Newest first. */
  crashes(days: number, limit: number): Promise<readonly CrashReport[]>;
  costs(): Promise<MonitoringCosts>;
  close(): void;
}

export function createHealth(options: {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly journal: Journal;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly queue: QueueRoom;
  readonly trainer: TrainerRoom;
  readonly checkpoints: Pick<CheckpointsRoom, 'ofHead'>;
  readonly clock: Clock;
  readonly python: () => { readonly state: 'ok' | 'missing' | 'checking'; readonly detail: string };
  readonly failed: (where: string, error: unknown) => void;
}): HealthRoom {
  const changed = new Emitter<void>();
  let checks: readonly Check[] = [];

  function trainer(): Judgement {
    const view = options.trainer.view();
    return checkTrainer({
      isSupervising: options.queue.isSupervising(),
      alive: view.alive,
      pid: view.pid,
      phase: view.heartbeat?.phase ?? null,
      ageSeconds: view.heartbeat?.age_s ?? null,
      staleAfter: 30,
      recovering: view.recovering === null ? null : view.recovering.cause,
      notReady: options.queue.notReady()?.message ?? null,
    });
  }
  async function checkpoint(): Promise<Judgement> {
    const all = await options.checkpoints.ofHead();
    const older = all.slice(1).find((checkpoint) => checkpoint.problem === null);
    return checkCheckpoint(all[0] ?? null, older ?? null);
  }
  function queue(): Judgement {
    const now = options.clock.now();
    const all = options.datasets.list();
    return checkQueue({
      stuck: all
        .filter(
          (dataset) =>
            dataset.verdict === 'waiting' && (now - dataset.added) / 60 > stuckAfterMinutes,
        )
        .map((dataset) => ({
          name: dataset.name,
          minutes: Math.round((now - dataset.added) / 60),
          message: dataset.message,
        })),
      decide: all.filter((dataset) => dataset.verdict === 'needs_decision').length,
      waiting: all.filter((dataset) => dataset.place === 'queue').length,
    });
  }

  async function look(
    id: string,
    label: string,
    validate: () => Judgement | Promise<Judgement>,
  ): Promise<Check> {
    const t = options.clock.now();
    try {
      return { id, label, t, ...(await validate()) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return {
        id,
        label,
        t,
        state: 'unknown',
        evidence: `This could not be looked at: ${message}`,
        fix: null,
      };
    }
  }

  async function run(): Promise<readonly Check[]> {
    const reading = options.disk.reading();
    const python = options.python();
    checks = [
      await look('trainer', 'Engine and trainer', trainer),
      await look('disk', 'Disk space', () => checkDisk(reading.freeGb, reading.floorGb)),
      await look('python', 'Python', () => checkPython(python.state, python.detail)),
      await look('checkpoint', 'Newest checkpoint', checkpoint),
      await look('queue', 'Inbox and queue', queue),
    ];
    changed.emit(undefined);
    return checks;
  }
  async function crashes(days: number, limit: number): Promise<readonly CrashReport[]> {
    const since = options.clock.now() - days * 86_400;
    const known = crashesFrom(await options.journal.read(journalLines), since).slice(0, limit);
    const datasets = new Map(options.datasets.list().map((dataset) => [dataset.id, dataset.name]));
    return Promise.all(
      known.map(async (crash) => ({
        ...crash,
        dataset: crash.dataset === null ? null : (datasets.get(crash.dataset) ?? crash.dataset),
        log: lastLines(crash.run === '' ? '' : await readLogEnd(options.paths.run(crash.run))),
      })),
    );
  }

  const cost = new CostReader(options.paths);
  async function costs(): Promise<MonitoringCosts> {
    const { user, system } = process.cpuUsage();
    const run = options.trainer.view().run ?? cost.run;
    return costsFrom({
      budgetPercent: options.config.values().budget.monitoring_percent,
      events: run === null ? [] : await cost.read(run),
      run,
      engineCpu: (user + system) / 1e6,
      engineSeconds: process.uptime(),
      now: options.clock.now(),
    });
  }

  const stop = options.clock.every(secondsBetween, async () => {
    await run().catch((error: unknown) => {
      options.failed('health.run', error);
    });
  });
  return { changed, list: () => checks, run, crashes, costs, close: stop };
}

const lastLines = (log: string): string[] =>
  log
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-excerptLines);

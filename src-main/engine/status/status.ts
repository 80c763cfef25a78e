/** Collects the readings, writes `status/training_status.json` and emits changes. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  type Machine as MachineFacts,
  type MemoryStats,
  type TrainingStatus,
  cadenceOf,
  scriptStatus,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { gpuOf, type Machine } from '../../machine/index.ts';
import type { BaseModelsRoom } from '../base-models/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { EstimateRoom } from '../estimate/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import { type QueueRoom, stepOf } from '../queue/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { type CurrentState, decideState } from './decide.ts';
import { gpuShown } from './gpu.ts';
import { HeartbeatIntervals } from './heartbeats.ts';
import { MachineReadings } from './machine-readings.ts';
import { trainingStatusFrom } from './training-status.ts';
import type { ValidationReadings } from './validation.ts';

const SECONDS_BETWEEN_UPDATES = 0.25;
const SECONDS_BETWEEN_READINGS = 1;

export interface StatusOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly estimate: Pick<EstimateRoom, 'left'>;
  readonly metrics: MetricsRoom;
  readonly queue: QueueRoom;
  readonly trainer: TrainerRoom;
  readonly lineage: LineageRoom;
  readonly checkpoints: CheckpointsRoom;
  readonly baseModels: BaseModelsRoom;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly failed: (where: string, error: unknown) => void;
}

export interface StatusRoom {
  readonly changed: Emitter<void>;
  readonly machineChanged: Emitter<void>;
  get(): TrainingStatus;
  machine(): MachineFacts;
  memoryStats(): MemoryStats;
  close(): Promise<void>;
}

export async function createStatus(options: StatusOptions): Promise<StatusRoom> {
  const status = new Status(options);
  await status.start();
  return status;
}

class Status implements StatusRoom {
  readonly changed = new Emitter<void>();
  readonly machineChanged = new Emitter<void>();
  private readonly options: StatusOptions;
  private readonly readings: MachineReadings;
  private readonly heartbeats = new HeartbeatIntervals();
  private state: CurrentState & { readonly since: number };
  private newestCheckpoint: number | null = null;
  private written = '';
  private isWriting = false;
  private stops: readonly (() => void)[] = [];

  constructor(options: StatusOptions) {
    this.options = options;
    this.readings = new MachineReadings(options.machine, options.trainer, options.disk);
    this.state = { state: 'idle', reason: null, since: options.clock.now() };
  }

  async start(): Promise<void> {
    const { clock, trainer, lineage, checkpoints, queue, paths, failed } = this.options;
    await this.readings.read();
    await this.readCheckpoint();
    await mkdir(paths.status, { recursive: true });
    const refreshCheckpoint = (): void => {
      this.readCheckpoint()
        .then(() => {
          this.changed.emit(undefined);
        })
        .catch((error: unknown) => {
          failed('status.checkpoint', error);
        });
    };
    this.stops = [
      clock.every(SECONDS_BETWEEN_UPDATES, async () => {
        this.addHeartbeat();
        this.changed.emit(undefined);
        await this.write();
      }),
      clock.every(SECONDS_BETWEEN_READINGS, async () => {
        await this.readings.read();
        this.machineChanged.emit(undefined);
      }),
      trainer.events.on((event) => {
        if (event.type === 'checkpoint' && typeof event.step === 'number')
          this.newestCheckpoint = event.step;
      }),
      lineage.changed.on(refreshCheckpoint),
      checkpoints.changed.on(refreshCheckpoint),
      queue.changed.on(() => {
        this.changed.emit(undefined);
      }),
    ];
  }

  private async readCheckpoint(): Promise<void> {
    this.newestCheckpoint = (await this.options.checkpoints.newest())?.step ?? null;
  }

  private addHeartbeat(): void {
    const { run, heartbeat } = this.options.trainer.view();
    if (run !== null && heartbeat !== null)
      this.heartbeats.add(run, this.options.clock.now() - heartbeat.age_s);
  }

  private readState(): CurrentState {
    const { trainer, queue, datasets, baseModels } = this.options;
    const view = trainer.view();
    const all = datasets.list();
    return decideState({
      desiredState: queue.state(),
      trainer: {
        alive: view.alive,
        phase: view.heartbeat?.phase ?? null,
        ageSeconds: view.heartbeat?.age_s ?? null,
        step: view.heartbeat?.step ?? null,
        recovering: view.recovering,
        pending: view.pending?.verb ?? null,
        unsaved: view.unsaved,
      },
      staleAfter: this.heartbeats.staleAfter,
      isPaceKnown: this.heartbeats.isPaceKnown,
      dataset: queue.open()?.dataset.name ?? null,
      isSupervising: queue.isSupervising(),
      deviceWait: queue.deviceWait()?.reason ?? null,
      notReady: queue.notReady(),
      validating: datasets.validating(),
      waiting: queue.waiting()?.why ?? null,
      noBase: baseModels.missingReason(),
      datasets: {
        needDecision: all.filter((dataset) => dataset.verdict === 'needs_decision').length,
        queued: all.filter((dataset) => dataset.place === 'queue').length,
      },
    });
  }

  private currentState(): CurrentState & { readonly since: number } {
    const state = this.readState();
    const since = state.state === this.state.state ? this.state.since : this.options.clock.now();
    this.state = { ...state, since };
    return this.state;
  }

  get(): TrainingStatus {
    const { clock, config, datasets, disk, estimate, machine, metrics, queue, trainer, lineage } =
      this.options;
    const view = trainer.view();
    const open = queue.open();
    return trainingStatusFrom({
      now: clock.now(),
      state: this.currentState(),
      trainer: view,
      trainerStep: stepOf(trainer),
      latest: metrics.latest(),
      left: estimate.left(queue.live()),
      validation: this.validationReadings(),
      preview: metrics.previews(1)[0] ?? null,
      dataset: open?.dataset ?? null,
      progress: queue.live(),
      queue: datasets.counts(),
      notReady: queue.notReady(),
      config: open?.pass.config ?? config.values(),
      branch: lineage.branch(),
      newestCheckpoint: this.newestCheckpoint,
      gpu: gpuShown(gpuOf(machine.gpus(), view.device)),
      memory: { ...this.readings.memory, trainer_mb: this.readings.trainerMb },
      cpuPercent: this.readings.cpuPercent,
      disk: disk.reading(),
    });
  }

  private validationReadings(): ValidationReadings {
    const { config, datasets, metrics, queue } = this.options;
    const [open, live] = [queue.open(), queue.live()];
    const wanted = open?.pass.config ?? config.values();
    const planned = open?.pass.planned_steps ?? 0;
    const done = live === null || open === null ? 0 : live.done - open.pass.steps_before;
    return {
      evaluation: metrics.latest().evaluation,
      passStart: open === null ? null : (open.pass.head_step ?? 0),
      stepsDone: done,
      plannedSteps: planned,
      cadence: cadenceOf(wanted, planned),
      heldOut: open === null ? null : datasets.summary(open.dataset.id).held_out,
      generatesAnswers: wanted.generate_samples > 0,
    };
  }

  machine(): MachineFacts {
    return this.readings.facts(this.options.clock.now());
  }

  memoryStats(): MemoryStats {
    return this.readings.memoryStats(this.options.clock.now());
  }

  private async write(): Promise<void> {
    if (this.isWriting) return;
    const status = this.get();
    const { updated_at: _updatedAt, ...rest } = status;
    const text = JSON.stringify(rest);
    if (text === this.written) return;
    this.isWriting = true;
    try {
      const file = path.join(this.options.paths.status, 'training_status.json');
      await writeJson(file, scriptStatus(status));
      this.written = text;
    } catch (error) {
      this.options.failed('status.write', error);
    } finally {
      this.isWriting = false;
    }
  }

  async close(): Promise<void> {
    for (const stop of this.stops) stop();
    await this.write();
  }
}

/**
 * Status: the one live picture (state, step, losses, queue, machine), `status/training_status.json`, and the feed for clients.
 * Promises: "training" needs a live process with a fresh heartbeat; a measured value has its step and time; unknown is null.
 * Never: reads an old status file, changes anything.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  type Machine,
  type Measured,
  type MemoryStats,
  type TrainingStatus,
  scriptStatus,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import { gpuOf, type Machine as MachineReader } from '../../machine/index.ts';
import type { BaseModelsRoom } from '../base-models/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { MetricsRoom } from '../metrics/index.ts';
import { type QueueRoom, stepOf } from '../queue/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { decideStale, decideState, type StateWord } from './decide.ts';
import { gpuShown } from './gpu.ts';
import { memoryStatsFrom } from './memory.ts';

export { createFeed, type Feed, type FeedSource, type RoomReaders, touchFrom } from './feed.ts';
export { writeScriptFiles } from './script-files.ts';

const secondsBetweenWrites = 0.25;
const beatsKept = 200;

export type StatusRoom = Awaited<ReturnType<typeof createStatus>>;

export async function createStatus(options: {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly metrics: MetricsRoom;
  readonly queue: QueueRoom;
  readonly trainer: TrainerRoom;
  readonly lineage: Pick<LineageRoom, 'branch' | 'changed'>;
  readonly baseModels: Pick<BaseModelsRoom, 'missingReason'>;
  readonly checkpoints: Pick<CheckpointsRoom, 'newest' | 'changed'>;
  readonly machine: MachineReader;
  readonly clock: Clock;
  readonly failed: (where: string, error: unknown) => void;
}) {
  const changed = new Emitter<void>();
  const machineChanged = new Emitter<void>();
  const beats: number[] = [];
  let lastBeat: { readonly run: string; readonly t: number; readonly position: number } | null =
    null;
  let cpu = options.machine.cpuPercent();
  const readMemory = async () => {
    const { usedMb, totalMb } = await options.machine.memory();
    return { used_mb: usedMb, total_mb: totalMb };
  };
  let memory = await readMemory();
  let trainerMemory: { readonly pid: number; readonly mb: number | null } | null = null;
  let word: StateWord & { readonly since: number } = {
    state: 'idle',
    reason: null,
    since: options.clock.now(),
  };
  let newestCheckpoint = (await options.checkpoints.newest())?.step ?? null;
  let written = '';
  let isWriting = false;

  /** Learns how often this run beats, so that a slow model is not called silent and a fast one not fresh for long. */
  function listen(): void {
    const { run, heartbeat } = options.trainer.view();
    if (run === null || heartbeat === null) return;
    const t = options.clock.now() - heartbeat.age_s;
    if (lastBeat === null || lastBeat.run !== run) {
      beats.length = 0;
      lastBeat = { run, t, position: heartbeat.position ?? 0 };
      return;
    }
    if (t - lastBeat.t < 0.02) return;
    beats.push(t - lastBeat.t);
    if (beats.length > beatsKept) beats.shift();
    lastBeat = { run, t, position: heartbeat.position ?? 0 };
  }

  function readState(): StateWord {
    const view = options.trainer.view();
    const all = options.datasets.list();
    const open = options.queue.open();
    return decideState({
      desiredState: options.queue.state(),
      trainer: {
        alive: view.alive,
        phase: view.heartbeat?.phase ?? null,
        ageSeconds: view.heartbeat?.age_s ?? null,
        step: view.heartbeat?.step ?? null,
        recovering: view.recovering,
        pending: view.pending?.verb ?? null,
      },
      staleAfter: decideStale(beats),
      dataset: open?.dataset.name ?? null,
      isSupervising: options.queue.isSupervising(),
      notReady: options.queue.notReady(),
      validating: options.datasets.validating(),
      waiting: options.queue.waiting()?.why ?? null,
      noBase: options.baseModels.missingReason(),
      datasets: {
        decide: all.filter((dataset) => dataset.verdict === 'needs_decision').length,
        waiting: all.filter((dataset) => dataset.place === 'queue').length,
      },
    });
  }

  function current(): StateWord & { readonly since: number } {
    const now = readState();
    word =
      now.state === word.state
        ? { ...now, since: word.since }
        : { ...now, since: options.clock.now() };
    return word;
  }

  function get(): TrainingStatus {
    const now = options.clock.now();
    const view = options.trainer.view();
    const { state, reason, since } = current();
    const latest = options.metrics.latest();
    const open = options.queue.open();
    const live = options.queue.live();
    const speed = options.metrics.speed().stepsPerSecond;
    const { point, evaluation } = latest;
    const measured = (value: number | null | undefined): Measured =>
      point === null || value === null || value === undefined
        ? null
        : { value, step: point.step, t: point.t };
    const evaluated = (value: number | null | undefined): Measured =>
      evaluation === null || value === null || value === undefined
        ? null
        : { value, step: evaluation.step, t: evaluation.t };
    const isMoving =
      state === 'training' || state === 'evaluating' || state === 'saving' || state === 'stopping';
    const notReady = options.queue.notReady();
    const disk = options.disk.reading();
    const config = open?.pass.config ?? options.config.values();
    const remaining = live === null ? null : Math.max(0, live.planned - live.done);
    const step = stepOf(options.trainer);
    const currentStep = step ?? Math.max(point?.step ?? -1, newestCheckpoint ?? -1);
    return {
      format: 1,
      state,
      since,
      reason,
      pending: view.pending,
      current_step: currentStep < 0 ? null : currentStep,
      total_steps:
        live === null || remaining === null || currentStep < 0 ? null : currentStep + remaining,
      step_of_dataset: live?.done ?? null,
      steps_of_dataset: live?.planned ?? null,
      // Before its first step the newest measured epoch is that of the dataset before.
      epoch: (live?.done ?? 0) === 0 ? null : latest.epoch,
      loss: measured(point?.loss),
      loss_smoothed: measured(latest.smoothed),
      validation_loss: evaluated(evaluation?.slice_loss ?? evaluation?.core_loss),
      val_train_gap: evaluated(evaluation?.gap),
      think_tag_percent: evaluated(evaluation?.think == null ? null : evaluation.think * 100),
      exact_match: latest.exact,
      learning_rate: measured(point?.lr),
      grad_norm: measured(point?.grad_norm),
      tokens_per_second: isMoving ? measured(point?.tokens_per_second) : null,
      samples_per_second: isMoving ? measured(latest.samplesPerSecond) : null,
      eta_seconds:
        isMoving && speed !== null && speed > 0 && remaining !== null
          ? Math.round(remaining / speed)
          : null,
      current_dataset: open === null ? null : { id: open.dataset.id, name: open.dataset.name },
      queue: options.datasets.counts(),
      micro_batch: view.alive ? latest.microBatch : null,
      batch: config.batch_size * config.gradient_accumulation,
      gpu: gpuShown(gpuOf(options.machine.gpus(), view.device)),
      device: view.device,
      memory: {
        ...memory,
        trainer_mb:
          view.alive && trainerMemory !== null && trainerMemory.pid === view.pid
            ? trainerMemory.mb
            : null,
      },
      cpu_percent: cpu,
      disk_free_gb: disk.freeGb,
      disk_floor_gb: disk.floorGb,
      last_checkpoint_step: newestOf(latest.checkpointStep, newestCheckpoint),
      branch: options.lineage.branch(),
      model: config.model_name,
      run: view.run,
      last_preview: options.metrics.previews(1)[0] ?? null,
      monitoring_percent: latest.monitoringPercent,
      recovery: view.recovering,
      error:
        notReady === null
          ? null
          : { type: notReady.category, message: notReady.message, when: notReady.t },
      updated_at: now,
      trainer: {
        pid: view.alive ? view.pid : null,
        alive: view.alive,
        heartbeat_age_s:
          view.heartbeat === null ? null : Math.round(view.heartbeat.age_s * 10) / 10,
        phase: view.alive ? (view.heartbeat?.phase ?? null) : null,
      },
    };
  }

  function machine(): Machine {
    const disk = options.disk.reading();
    return {
      cpu_percent: cpu,
      memory_used_mb: memory.used_mb,
      memory_total_mb: memory.total_mb,
      disk_free_gb: disk.freeGb,
      disk_total_gb: disk.totalGb,
      disk_floor_gb: disk.floorGb,
      t: options.clock.now(),
    };
  }

  function memoryStats(): MemoryStats {
    const { pid, alive } = options.trainer.view();
    const known = trainerMemory !== null && trainerMemory.pid === pid ? trainerMemory.mb : null;
    return memoryStatsFrom({
      ...memory,
      trainer: alive && pid !== null ? { pid, mb: known } : null,
      engine: { pid: process.pid, mb: Math.round(process.memoryUsage.rss() / 1048576) },
      gpu: gpuOf(options.machine.gpus(), options.trainer.view().device),
      now: options.clock.now(),
    });
  }

  /** The old names stay readable for the scripts of the system before this one. */
  async function write(): Promise<void> {
    if (isWriting) return;
    const status = get();
    const { updated_at: _age, ...rest } = status;
    const text = JSON.stringify(rest);
    if (text === written) return;
    isWriting = true;
    try {
      await writeJson(
        path.join(options.paths.status, 'training_status.json'),
        scriptStatus(status),
      );
      written = text;
    } catch (error) {
      options.failed('status.write', error);
    } finally {
      isWriting = false;
    }
  }

  function readNewestCheckpoint(): void {
    void options.checkpoints
      .newest()
      .then((found) => {
        newestCheckpoint = found?.step ?? null;
        changed.emit(undefined);
      })
      .catch((error: unknown) => {
        options.failed('status.checkpoint', error);
      });
  }

  await mkdir(options.paths.status, { recursive: true });
  const stops = [
    options.clock.every(secondsBetweenWrites, async () => {
      listen();
      changed.emit(undefined);
      await write();
    }),
    options.clock.every(1, async () => {
      cpu = options.machine.cpuPercent();
      memory = await readMemory();
      const { pid, alive } = options.trainer.view();
      trainerMemory =
        alive && pid !== null ? { pid, mb: await options.machine.residentMegabytes(pid) } : null;
      machineChanged.emit(undefined);
    }),
    options.trainer.events.on((event) => {
      if (event.type === 'checkpoint' && typeof event.step === 'number')
        newestCheckpoint = event.step;
    }),
    options.lineage.changed.on(readNewestCheckpoint),
    options.checkpoints.changed.on(readNewestCheckpoint),
    options.queue.changed.on(() => {
      changed.emit(undefined);
    }),
  ];

  return {
    changed,
    machineChanged,
    get,
    machine,
    memoryStats,
    async close(): Promise<void> {
      for (const stop of stops) stop();
      await write();
    },
  };
}

function newestOf(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.max(a, b);
}

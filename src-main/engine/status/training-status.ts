/** The live status, put together from what the modules report. Pure. */
import type { z } from 'zod';
import type {
  Config,
  gpu,
  Measured,
  Preview,
  queueCounts,
  TrainingStatus,
} from '../../contract/index.ts';
import type { Latest } from '../metrics/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { TimeLeft } from '../estimate/index.ts';
import type { CurrentState } from './decide.ts';
import { validationFields, type ValidationReadings } from './validation.ts';

export interface StatusReadings {
  readonly now: number;
  readonly state: CurrentState & { readonly since: number };
  readonly trainer: Pick<
    ReturnType<TrainerRoom['view']>,
    'alive' | 'pid' | 'run' | 'device' | 'heartbeat' | 'pending' | 'recovering' | 'unsaved'
  >;
  /** Step of the running trainer. */
  readonly trainerStep: number | null;
  readonly latest: Latest;
  /** What the estimate says about the rest of the dataset. */
  readonly left: TimeLeft | null;
  readonly preview: Preview | null;
  readonly validation: ValidationReadings;
  /** The dataset in training and its progress. */
  readonly dataset: { readonly id: string; readonly name: string } | null;
  readonly progress: {
    readonly done: number;
    readonly planned: number;
    readonly before: number;
  } | null;
  readonly queue: z.infer<typeof queueCounts>;
  readonly notReady: {
    readonly category: string;
    readonly message: string;
    readonly t: number;
  } | null;
  /** Of the pass, else of the next one. */
  readonly config: Pick<
    Config,
    'batch_size' | 'gradient_accumulation' | 'model_name' | 'save_steps'
  >;
  readonly branch: string;
  readonly newestCheckpoint: number | null;
  readonly gpu: z.infer<typeof gpu> | null;
  readonly memory: NonNullable<TrainingStatus['memory']>;
  readonly cpuPercent: number | null;
  readonly disk: { readonly freeGb: number | null; readonly floorGb: number | null };
}

export function trainingStatusFrom(readings: StatusReadings): TrainingStatus {
  const { state, trainer, config, notReady, disk } = readings;
  return {
    format: 1,
    state: state.state,
    since: state.since,
    reason: state.reason,
    pending: trainer.pending,
    ...progressFields(readings),
    ...measuredFields(readings),
    ...validationFields(readings.validation),
    evaluation: evaluationProgress(trainer),
    exact_match: readings.latest.exact,
    current_dataset:
      readings.dataset === null ? null : { id: readings.dataset.id, name: readings.dataset.name },
    queue: readings.queue,
    micro_batch: trainer.alive ? readings.latest.microBatch : null,
    batch: config.batch_size * config.gradient_accumulation,
    gpu: readings.gpu,
    device: trainer.device,
    memory: readings.memory,
    cpu_percent: readings.cpuPercent,
    disk_free_gb: disk.freeGb,
    disk_floor_gb: disk.floorGb,
    last_checkpoint_step: largest(readings.latest.checkpointStep, readings.newestCheckpoint),
    unsaved: trainer.unsaved,
    branch: readings.branch,
    model: config.model_name,
    run: trainer.run,
    last_preview: readings.preview,
    preview_skipped: readings.latest.previewSkipped,
    monitoring_percent: readings.latest.monitoringPercent,
    recovery: trainer.recovering,
    error:
      notReady === null
        ? null
        : { type: notReady.category, message: notReady.message, when: notReady.t },
    updated_at: readings.now,
    trainer: trainerFields(trainer),
  };
}

const isMoving = ({ state }: CurrentState): boolean =>
  ['training', 'evaluating', 'saving', 'stopping'].includes(state);

function progressFields({
  state,
  latest,
  progress,
  trainerStep,
  newestCheckpoint,
  left,
  config,
}: StatusReadings): Pick<
  TrainingStatus,
  | 'current_step'
  | 'total_steps'
  | 'step_of_dataset'
  | 'steps_of_dataset'
  | 'steps_before_pass'
  | 'save_steps'
  | 'epoch'
  | 'eta_seconds'
  | 'eta_range'
> {
  const remaining = progress === null ? null : Math.max(0, progress.planned - progress.done);
  const step = trainerStep ?? largest(latest.point?.step ?? null, newestCheckpoint);
  const eta = isMoving(state) ? left : null;
  return {
    current_step: step,
    total_steps: step === null || remaining === null ? null : step + remaining,
    step_of_dataset: progress?.done ?? null,
    steps_of_dataset: progress?.planned ?? null,
    steps_before_pass: progress?.before ?? null,
    save_steps: progress === null ? null : config.save_steps,
    // Before the first step of a dataset the newest measured epoch is that of the previous one.
    epoch: (progress?.done ?? 0) === 0 ? null : latest.epoch,
    eta_seconds: eta === null ? null : Math.round(eta.seconds),
    eta_range: eta === null ? null : { least: Math.round(eta.least), most: Math.round(eta.most) },
  };
}

function measuredFields({
  state,
  latest,
}: StatusReadings): Pick<
  TrainingStatus,
  | 'loss'
  | 'loss_smoothed'
  | 'think_tag_percent'
  | 'learning_rate'
  | 'grad_norm'
  | 'tokens_per_second'
  | 'samples_per_second'
> {
  const { point, evaluation } = latest;
  const atStep = (value: number | null | undefined): Measured => measuredAt(point, value);
  const atEvaluation = (value: number | null | undefined): Measured =>
    measuredAt(evaluation, value);
  const think = evaluation?.think ?? null;
  return {
    loss: atStep(point?.loss),
    loss_smoothed: atStep(latest.smoothed),
    think_tag_percent: atEvaluation(think === null ? null : think * 100),
    learning_rate: atStep(point?.lr),
    grad_norm: atStep(point?.grad_norm),
    tokens_per_second: isMoving(state) ? atStep(point?.tokens_per_second) : null,
    samples_per_second: isMoving(state) ? atStep(latest.samplesPerSecond) : null,
  };
}

function measuredAt(
  where: { readonly step: number; readonly t: number } | null,
  value: number | null | undefined,
): Measured {
  if (where === null || value === null || value === undefined) return null;
  return { value, step: where.step, t: where.t };
}

/** Which part of an evaluation runs, and how far it is. */
function evaluationProgress({
  alive,
  heartbeat,
}: StatusReadings['trainer']): TrainingStatus['evaluation'] {
  if (!alive || heartbeat === null || heartbeat.progress === null) return null;
  if (heartbeat.phase === 'evaluate') return { what: 'losses', ...heartbeat.progress };
  return heartbeat.phase === 'generate' ? { what: 'answers', ...heartbeat.progress } : null;
}

function trainerFields({
  alive,
  pid,
  heartbeat,
}: StatusReadings['trainer']): TrainingStatus['trainer'] {
  return {
    pid: alive ? pid : null,
    alive,
    heartbeat_age_s: heartbeat === null ? null : Math.round(heartbeat.age_s * 10) / 10,
    phase: alive ? (heartbeat?.phase ?? null) : null,
  };
}

function largest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.max(a, b);
}

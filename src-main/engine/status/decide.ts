/** The state that is shown and the explanation under it, from what currently runs. Pure. */
import {
  type QueueState,
  type TrainingState,
  type UnsavedSteps,
  unsavedText,
} from '../../contract/index.ts';
import { isSelfHealing } from '../queue/index.ts';

export interface StateReadings {
  readonly desiredState: QueueState;
  readonly trainer: {
    readonly alive: boolean;
    readonly phase: string | null;
    readonly ageSeconds: number | null;
    readonly step: number | null;
    readonly recovering: {
      readonly attempt: number;
      readonly limit: number | null;
      readonly cause: string;
    } | null;
    readonly pending: string | null;
    readonly unsaved: UnsavedSteps | null;
  };
  /** Seconds after which a heartbeat is stale. */
  readonly staleAfter: number;
  /** Enough heartbeats of the run have been seen to tell a slow step from a frozen one. */
  readonly isPaceKnown: boolean;
  readonly dataset: string | null;
  readonly isSupervising: boolean;
  /** `waiting for cuda:0, held by pid 7 of workspace /w`. */
  readonly deviceWait: string | null;
  readonly notReady: { readonly category: string; readonly message: string } | null;
  readonly validating: { readonly name: string; readonly progress: number } | null;
  readonly waiting: string | null;
  /** Why no pass can start from the base model. */
  readonly noBase: string | null;
  readonly datasets: { readonly needDecision: number; readonly queued: number };
}

export interface CurrentState {
  readonly state: TrainingState;
  readonly reason: string | null;
}

const MIN_INTERVALS = 5;
const MIN_STALE_SECONDS = 3;
/** Until the intervals are known: a first step may compile kernels. */
const STALE_SECONDS_UNKNOWN = 30;

export const isPaceKnown = (intervals: readonly number[]): boolean =>
  intervals.length >= MIN_INTERVALS;

/** Twice the 99th percentile of the heartbeat intervals, at least 3 s. */
export function decideStale(intervals: readonly number[]): number {
  if (!isPaceKnown(intervals)) return STALE_SECONDS_UNKNOWN;
  const sorted = [...intervals].sort((a, b) => a - b);
  const p99 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
  return Math.max(MIN_STALE_SECONDS, 2 * p99);
}

export function decideState(readings: StateReadings): CurrentState {
  const { trainer, desiredState } = readings;
  if (trainer.recovering !== null) {
    const { attempt, limit, cause } = trainer.recovering;
    const of = limit === null ? '' : ` of ${limit}`;
    return { state: 'recovering', reason: `attempt ${attempt}${of}: ${cause}` };
  }
  if (trainer.alive) return whileAlive(readings);
  if (desiredState.desired_state === 'stopped')
    return { state: 'stopped', reason: `by ${desiredState.by}` };
  if (desiredState.desired_state === 'paused')
    return { state: 'paused', reason: `by ${desiredState.by}` };
  if (readings.deviceWait !== null) return { state: 'waiting', reason: readings.deviceWait };
  if (readings.notReady !== null)
    return {
      state: isSelfHealing(readings.notReady.category) ? 'recovering' : 'failed',
      reason: readings.notReady.message,
    };
  if (readings.isSupervising) return { state: 'loading', reason: 'the trainer is starting' };
  if (readings.validating !== null)
    return {
      state: 'validating',
      reason: `${Math.round(readings.validating.progress * 100)}\u00a0%, ${readings.validating.name}`,
    };
  return { state: 'idle', reason: idleReason(readings) };
}

function whileAlive(readings: StateReadings): CurrentState {
  const { trainer, desiredState } = readings;
  if (desiredState.desired_state === 'stopped' || trainer.pending === 'stop-now')
    return {
      state: 'stopping',
      reason: trainer.unsaved === null ? 'saving a checkpoint first' : unsavedText(trainer.unsaved),
    };
  if (trainer.phase === 'paused') {
    const unsaved = trainer.unsaved === null ? '' : `; ${unsavedText(trainer.unsaved)}`;
    return { state: 'paused', reason: `by ${desiredState.by}${unsaved}` };
  }
  const age = trainer.ageSeconds;
  if (trainer.phase === null || age === null || trainer.phase === 'load')
    return { state: 'loading', reason: null };
  // The first step may be slow, but without a heartbeat nothing proves that it is being done.
  if (!readings.isPaceKnown && age > MIN_STALE_SECONDS && age <= readings.staleAfter)
    return { state: 'loading', reason: `first steps; no heartbeat for ${Math.round(age)} s` };
  if (age > readings.staleAfter)
    return {
      state: 'recovering',
      reason: `no heartbeat for ${Math.round(age)} s in step ${(trainer.step ?? 0) + 1}`,
    };
  if (desiredState.desired_state === 'stopping_after')
    return { state: 'stopping', reason: `after ${readings.dataset ?? 'this dataset'}` };
  switch (trainer.phase) {
    case 'evaluate':
    case 'generate':
      return { state: 'evaluating', reason: null };
    case 'save':
      return { state: 'saving', reason: null };
    default:
      return { state: 'training', reason: `heartbeat ${age.toFixed(1)} s ago` };
  }
}

function idleReason(readings: StateReadings): string {
  const { needDecision, queued } = readings.datasets;
  if (needDecision > 0)
    return needDecision === 1
      ? '1 file needs your decision'
      : `${needDecision} files need your decision`;
  if (readings.noBase !== null) return readings.noBase;
  if (queued > 0) return readings.waiting ?? 'files are queued';
  return 'the queue is empty';
}

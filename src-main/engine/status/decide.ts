/** The state word and its fact line, from what is alive right now. Pure; an old file has no say in it. */
import type { QueueState, TrainingState } from '../../contract/index.ts';
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
      readonly limit: number;
      readonly cause: string;
    } | null;
    readonly pending: string | null;
  };
  /** Seconds after which a heartbeat is no longer fresh. */
  readonly staleAfter: number;
  readonly dataset: string | null;
  readonly isSupervising: boolean;
  readonly notReady: { readonly category: string; readonly message: string } | null;
  readonly validating: { readonly name: string; readonly progress: number } | null;
  readonly waiting: string | null;
  /** Why no pass can begin from a base. */
  readonly noBase: string | null;
  readonly datasets: { readonly decide: number; readonly waiting: number };
}

export interface StateWord {
  readonly state: TrainingState;
  readonly reason: string | null;
}

/** Twice the 99th percentile of the beats, and never under 3 s; before enough beats were seen a long first step is allowed. */
export function decideStale(beats: readonly number[]): number {
  if (beats.length < 5) return 30;
  const sorted = [...beats].sort((a, b) => a - b);
  const p99 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
  return Math.max(3, 2 * p99);
}

export function decideState(r: StateReadings): StateWord {
  const { trainer, desiredState } = r;
  if (trainer.recovering !== null) {
    const { attempt, limit, cause } = trainer.recovering;
    return { state: 'recovering', reason: `attempt ${attempt} of ${limit}: ${cause}` };
  }
  if (trainer.alive) return whileAlive(r);
  if (desiredState.desired_state === 'stopped')
    return { state: 'stopped', reason: `by ${desiredState.by}` };
  if (desiredState.desired_state === 'paused')
    return { state: 'paused', reason: `by ${desiredState.by}` };
  if (r.notReady !== null)
    return {
      state: isSelfHealing(r.notReady.category) ? 'recovering' : 'failed',
      reason: r.notReady.message,
    };
  if (r.isSupervising) return { state: 'loading', reason: 'the trainer is being started' };
  if (r.validating !== null)
    return {
      state: 'validating',
      reason: `${Math.round(r.validating.progress * 100)}\u00a0%, ${r.validating.name}`,
    };
  return { state: 'idle', reason: idleReason(r) };
}

function whileAlive(r: StateReadings): StateWord {
  const { trainer, desiredState } = r;
  if (desiredState.desired_state === 'stopped' || trainer.pending === 'stop-now')
    return { state: 'stopping', reason: 'now, with a checkpoint' };
  if (trainer.phase === 'paused') return { state: 'paused', reason: `by ${desiredState.by}` };
  const age = trainer.ageSeconds;
  if (trainer.phase === null || age === null || trainer.phase === 'load')
    return { state: 'loading', reason: null };
  if (age > r.staleAfter)
    return {
      state: 'recovering',
      reason: `no heartbeat for ${Math.round(age)} s in step ${(trainer.step ?? 0) + 1}`,
    };
  if (desiredState.desired_state === 'stopping_after')
    return { state: 'stopping', reason: `after ${r.dataset ?? 'this dataset'}` };
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

function idleReason(r: StateReadings): string {
  if (r.datasets.decide > 0)
    return `${r.datasets.decide} ${r.datasets.decide === 1 ? 'file waits' : 'files wait'} for your decision`;
  if (r.noBase !== null) return r.noBase;
  if (r.datasets.waiting > 0) return r.waiting ?? 'files are waiting';
  return 'the queue is empty';
}

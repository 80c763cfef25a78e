/** What the queue does next. Pure. Times in Unix seconds. */
import { count, plural } from '../../contract/format.ts';
import type { QueueState } from '../../contract/index.ts';

export interface WaitingReading {
  readonly id: string;
  readonly name: string;
  readonly held: boolean;
  readonly isReady: boolean;
}

export interface QueueReadings {
  readonly desiredState: QueueState['desired_state'];
  /** A trainer runs or is being restarted; no second one may start. */
  readonly isSupervising: boolean;
  /** The dataset in processing/ whose pass is open. */
  readonly open: string | null;
  /** In queue order. */
  readonly waiting: readonly WaitingReading[];
  /** Why no pass can begin; null: a base model is there. An open pass has its own base. */
  readonly noBase: string | null;
  /** The machine was not ready at the last attempt: not before this time. */
  readonly notBefore: number | null;
}

export type QueueAction =
  | { readonly kind: 'continue'; readonly id: string }
  | { readonly kind: 'begin'; readonly id: string }
  | { readonly kind: 'stop'; readonly why: string }
  | { readonly kind: 'wait'; readonly why: string; readonly until: number | null };

const wait = (why: string, until: number | null = null): QueueAction => ({
  kind: 'wait',
  why,
  until,
});

export function decideNext(readings: QueueReadings, now: number): QueueAction {
  const { desiredState, open } = readings;
  if (readings.isSupervising) return wait('a dataset is being trained');
  if (desiredState === 'stopped') return wait('stopped');
  if (desiredState === 'paused') return wait('paused');
  // The dataset that was to be finished first is done.
  if (desiredState === 'stopping_after' && open === null)
    return { kind: 'stop', why: 'the dataset is finished' };
  if (readings.notBefore !== null && now < readings.notBefore)
    return wait('the machine is not ready', readings.notBefore);
  if (open !== null) return { kind: 'continue', id: open };
  if (readings.noBase !== null) return wait(readings.noBase);
  const next = readings.waiting.find((reading) => reading.isReady && !reading.held);
  if (next !== undefined) return { kind: 'begin', id: next.id };
  if (readings.waiting.length === 0) return wait('the queue is empty');
  const areHeld = readings.waiting.every((reading) => reading.held);
  return wait(areHeld ? 'all datasets are held' : 'no dataset is ready');
}

/** Conditions that end without the user. */
export const isSelfHealing = (category: string): boolean => category === 'disk_full';

/** Seconds until the next attempt after the machine was not ready. */
export function decideRetry(attempt: number): number {
  return Math.min(300, 10 * 2 ** Math.max(0, attempt - 1));
}

export interface Expectation {
  readonly planned: number;
  readonly done: number;
}

/** Why a pass is not complete; null: all planned steps were trained. */
export function decideCompletion({ planned, done }: Expectation): string | null {
  if (planned === done) return null;
  return `Only ${count(done)} of ${plural(planned, 'planned step')} were trained. They are kept in the model; requeue the file to train all of it.`;
}

/** When each waiting dataset is expected to begin and end. `start`: when the first can begin; null: unknown. */
export function expectedTimes(
  start: number | null,
  waiting: readonly { readonly id: string; readonly seconds: number | null }[],
): ReadonlyMap<string, { readonly starts_at: number | null; readonly ends_at: number | null }> {
  const times = new Map<string, { starts_at: number | null; ends_at: number | null }>();
  let at = start;
  for (const { id, seconds } of waiting) {
    const ends = at === null || seconds === null ? null : at + seconds;
    times.set(id, { starts_at: at, ends_at: ends });
    at = ends;
  }
  return times;
}

/** What the queue does next. Pure: readings in, one act out. Times in Unix seconds. */
import type { QueueState } from '../../contract/index.ts';

export interface WaitingReading {
  readonly id: string;
  readonly name: string;
  readonly held: boolean;
  readonly isReady: boolean;
}

export interface QueueReadings {
  readonly desiredState: QueueState['desired_state'];
  /** A trainer runs or is being brought back; nothing may be begun beside it. */
  readonly isSupervising: boolean;
  /** The dataset in processing/ whose pass is open. */
  readonly open: string | null;
  /** In queue order. */
  readonly waiting: readonly WaitingReading[];
  /** Why no pass can begin from a base; null: there is one. An open pass has its own. */
  readonly noBase: string | null;
  /** Not before this time: the machine was not ready at the last attempt. */
  readonly notBefore: number | null;
}

export type QueueAct =
  | { readonly kind: 'continue'; readonly id: string }
  | { readonly kind: 'begin'; readonly id: string }
  | { readonly kind: 'stop'; readonly why: string }
  | { readonly kind: 'wait'; readonly why: string; readonly until: number | null };

const wait = (why: string, until: number | null = null): QueueAct => ({ kind: 'wait', why, until });

export function decideNext(readings: QueueReadings, now: number): QueueAct {
  const { desiredState, open } = readings;
  if (readings.isSupervising) return wait('a dataset is being trained');
  if (desiredState === 'stopped') return wait('stopped');
  if (desiredState === 'paused') return wait('paused');
  // The dataset that was to be finished first is not being trained any more.
  if (desiredState === 'stopping_after' && open === null)
    return { kind: 'stop', why: 'the dataset is finished' };
  if (readings.notBefore !== null && now < readings.notBefore)
    return wait('the machine is not ready', readings.notBefore);
  if (open !== null) return { kind: 'continue', id: open };
  if (readings.noBase !== null) return wait(readings.noBase);
  const next = readings.waiting.find((reading) => reading.isReady && !reading.held);
  if (next !== undefined) return { kind: 'begin', id: next.id };
  if (readings.waiting.length === 0) return wait('the queue is empty');
  const held = readings.waiting.filter((reading) => reading.held).length;
  return wait(held === readings.waiting.length ? 'queue held' : 'no file is ready');
}

/** Conditions that pass by themselves; every other one needs the user. */
export const isSelfHealing = (category: string): boolean =>
  category === 'device_busy' || category === 'disk_full';

/** Seconds until the next attempt after the machine was not ready. A device's holder is watched meanwhile. */
export function decideRetry(category: string, attempt: number): number {
  if (category === 'device_busy') return 60;
  return Math.min(300, 10 * 2 ** Math.max(0, attempt - 1));
}

export interface Expectation {
  readonly planned: number;
  readonly done: number;
}

/** A dataset that trained 0 of its steps was once marked done: done only when planned = done. null: as planned. */
export function decideCompletion({ planned, done }: Expectation): string | null {
  if (planned === done) return null;
  return `${done} of ${planned} planned steps were trained. The trained steps are kept; queue it again to train the whole file.`;
}

/** About when each waiting dataset begins and ends. `stepsPerSecond` null: unknown. */
export function estimate(
  running: { readonly remaining: number } | null,
  waiting: readonly { readonly id: string; readonly steps: number | null }[],
  stepsPerSecond: number | null,
  now: number,
): ReadonlyMap<string, { readonly starts_at: number | null; readonly ends_at: number | null }> {
  const times = new Map<string, { starts_at: number | null; ends_at: number | null }>();
  let at: number | null =
    stepsPerSecond === null || stepsPerSecond <= 0
      ? null
      : now + (running?.remaining ?? 0) / stepsPerSecond;
  for (const { id, steps } of waiting) {
    const ends: number | null =
      at === null || steps === null || stepsPerSecond === null ? null : at + steps / stepsPerSecond;
    times.set(id, { starts_at: at, ends_at: ends });
    at = ends;
  }
  return times;
}

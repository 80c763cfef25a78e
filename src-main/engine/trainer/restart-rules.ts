/** What follows when a trainer ended without an outcome. Pure. */
import { blamesDataset, type Crash } from '../../contract/index.ts';
import type { CommandVerb } from '../../formats/index.ts';
import type { Halt } from './types.ts';

export interface CrashHistory {
  /** Restarts since the last new checkpoint; kills from outside and other crashes apart. */
  readonly attempts: number;
  /** Positions at which the dataset's rows failed, newest last. */
  readonly failedPositions: readonly (number | null)[];
  /** Seconds that the ended run was alive. */
  readonly healthySeconds: number;
}

export interface RestartRules {
  readonly limit: number;
  readonly firstSeconds: number;
  readonly lastSeconds: number;
}

export type AfterExit =
  | { readonly kind: 'restart'; readonly inSeconds: number; readonly attempt: number }
  | { readonly kind: 'give_up'; readonly infrastructure: boolean };

const MIN_SAVE_SECONDS = 0.2;
/** After a run of this length, restarts are counted from zero. */
const HEALTHY_SECONDS = 600;

/** Commands that halt training, and the outcome that they lead to. */
const HALTS: Readonly<Partial<Record<CommandVerb, Halt>>> = {
  pause: 'paused',
  'stop-now': 'stopped',
  skip: 'skipped',
};

/** The halt that is requested after a command; it survives a crash of the trainer. */
export function requestedHaltAfter(verb: CommandVerb, before: Halt | null): Halt | null {
  if (verb === 'resume') return null;
  return HALTS[verb] ?? before;
}

export function decideAfterExit(
  crash: Crash,
  history: CrashHistory,
  rules: RestartRules,
): AfterExit {
  if (crash.retry === 'wait') return { kind: 'give_up', infrastructure: true };
  if (blamesDataset(crash.category)) {
    const [last, before] = [history.failedPositions.at(-1), history.failedPositions.at(-2)];
    const isRepeated = history.failedPositions.length >= 2 && last === before;
    if (isRepeated || crash.category === 'not_a_number')
      return { kind: 'give_up', infrastructure: false };
  }
  const attempt = (history.healthySeconds >= HEALTHY_SECONDS ? 0 : history.attempts) + 1;
  const restart: AfterExit = { kind: 'restart', inSeconds: backoff(attempt, rules), attempt };
  // Whoever kills the trainer says nothing about the dataset or the machine: it only waits longer.
  if (isKill(crash)) return restart;
  // A failure of the machine never counts against the dataset, however often it happens.
  if (attempt > rules.limit) return { kind: 'give_up', infrastructure: crash.isInfrastructure };
  return restart;
}

/** By a signal from outside, without evidence that memory ran out. */
export const isKill = ({ category }: Pick<Crash, 'category'>): boolean =>
  category === 'killed_by_signal';

const backoff = (attempt: number, { firstSeconds, lastSeconds }: RestartRules): number =>
  Math.min(lastSeconds, firstSeconds * 2 ** Math.min(attempt - 1, 30));

/** Steps may take many seconds, and a dataset may have fewer of them than `save_steps`. */
export const MAX_UNSAVED_SECONDS = 300;

/**
 * Seconds after which the next run saves, however long `save_steps` takes: half of what the killed
 * run had to train, so that a regular killer can't keep a dataset from ever advancing. Pure.
 */
export function saveSecondsAfterKill(trainedSeconds: number, before: number): number {
  return Math.min(before, Math.max(MIN_SAVE_SECONDS, trainedSeconds / 2));
}

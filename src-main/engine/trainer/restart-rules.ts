/** What follows after a trainer ended without an outcome. Pure. */
import type { Crash } from '../../contract/index.ts';

export interface CrashHistory {
  /** Restarts since the last newly verified step. */
  readonly attempts: number;
  /** Positions at which a dataset's own category failed, newest last. */
  readonly positions: readonly (number | null)[];
  /** Seconds that the run that ended now was healthy. */
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

/** Commands that halt training, and what the pass ends with for now when they have taken effect. */
const halts = { pause: 'paused', 'stop-now': 'stopped', skip: 'skipped' } as const;
export type Halt = (typeof halts)[keyof typeof halts];

/** What the trainer was told last: a crash must not undo it. `before`: what was wished until now. */
export function wishAfter(verb: string, before: Halt | null): Halt | null {
  if (verb === 'resume') return null;
  return verb in halts ? halts[verb as keyof typeof halts] : before;
}

/** A run that was healthy for so long begins the count anew. */
const healthyEnough = 600;

export function decideAfterExit(
  crash: Crash,
  history: CrashHistory,
  rules: RestartRules,
): AfterExit {
  if (crash.retry === 'wait') return { kind: 'give_up', infrastructure: true };
  if (crash.retry === 'dataset') {
    const [last, before] = [history.positions.at(-1), history.positions.at(-2)];
    const twice = history.positions.length >= 2 && last === before;
    if (twice || crash.category === 'not_a_number')
      return { kind: 'give_up', infrastructure: false };
  }
  const attempt = (history.healthySeconds >= healthyEnough ? 0 : history.attempts) + 1;
  if (attempt > rules.limit) return { kind: 'give_up', infrastructure: false };
  const inSeconds = Math.min(rules.lastSeconds, rules.firstSeconds * 2 ** (attempt - 1));
  return { kind: 'restart', inSeconds, attempt };
}

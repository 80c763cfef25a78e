/** How often a pass evaluates, and how long its warmup is: scaled to the planned steps, so that a small dataset shows results as well. Pure. */
import type { Config } from './config.ts';

export interface Cadence {
  readonly warmup_steps: number;
  readonly eval_steps: number;
  readonly preview_steps: number;
}

/** Evaluations and previews that every dataset gets, next to those at its start and end. */
const MIN_PER_PASS = 10;
const WARMUP_SHARE = 0.05;

export function cadenceOf(
  config: Pick<Config, 'warmup_steps' | 'eval_steps' | 'preview_steps'>,
  plannedSteps: number,
): Cadence {
  const most = Math.max(1, Math.floor(plannedSteps / MIN_PER_PASS));
  return {
    warmup_steps: Math.min(config.warmup_steps, Math.ceil(plannedSteps * WARMUP_SHARE)),
    eval_steps: Math.min(config.eval_steps, most),
    preview_steps: Math.min(config.preview_steps, most),
  };
}

/** Steps of the pass after which an evaluation at an interval is due; the last step has its own. */
export const nextEvaluation = (cadence: Pick<Cadence, 'eval_steps'>, stepsDone: number): number =>
  (Math.floor(stepsDone / cadence.eval_steps) + 1) * cadence.eval_steps;

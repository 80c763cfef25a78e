/** The time that the dataset in training still needs, from what its run measured. Pure. */
import type { Config, EstimateRecord } from '../../contract/index.ts';
import type { RunCosts } from '../metrics/index.ts';
import { overheadOf, type OverheadInput, savesLeft } from './overhead.ts';

export interface TimeLeft {
  readonly seconds: number;
  readonly least: number;
  readonly most: number;
}

/** Half the width of the range, as a fraction: that of the last estimates, within these limits. */
const NARROWEST = 0.1;
const WIDEST = 0.25;

export function marginOf({ count, time }: Pick<EstimateRecord, 'count' | 'time'>): number {
  if (count === 0 || time === null) return WIDEST;
  const worst = Math.max(Math.abs(time.least), Math.abs(time.most));
  return Math.min(WIDEST, Math.max(NARROWEST, worst));
}

/** `overheadPace`: of earlier passes. null before the third step of the run. */
export function timeLeft(
  config: Config,
  input: Omit<OverheadInput, 'secondsPerStep'>,
  costs: Pick<RunCosts, 'secondsPerStep' | 'evaluations' | 'saveSeconds'>,
  overheadPace: number,
  margin: number,
): TimeLeft | null {
  const { secondsPerStep } = costs;
  if (secondsPerStep === null) return null;
  const rest = overheadOf(config, { ...input, secondsPerStep });
  const measured = costs.evaluations.get('start') ?? null;
  const saves =
    costs.saveSeconds === null
      ? rest.saves * overheadPace
      : savesLeft(config, input) * costs.saveSeconds;
  const seconds =
    (input.steps - input.done) * secondsPerStep +
    rest.intervals * overheadPace +
    saves +
    (measured ?? rest.end * overheadPace);
  return { seconds, least: seconds * (1 - margin), most: seconds * (1 + margin) };
}

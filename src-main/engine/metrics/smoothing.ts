/** The smoothed training loss: the same computation as `SmoothedLoss` of the trainer. */
import { SMOOTHING_WEIGHT } from '../../contract/index.ts';

/** Exponential moving average without the bias toward its initial 0: the first value is itself. */
export class DebiasedAverage {
  private readonly smoothing: number;
  private average = 0;
  private weight = 0;

  /** `smoothing` in [0, 1): the weight of the past. */
  constructor(smoothing: number) {
    this.smoothing = smoothing;
  }

  add(value: number): void {
    this.average = this.smoothing * this.average + (1 - this.smoothing) * value;
    this.weight = this.smoothing * this.weight + (1 - this.smoothing);
  }

  /** null before the first value. */
  get value(): number | null {
    return this.weight > 0 ? this.average / this.weight : null;
  }

  get state(): readonly [average: number, weight: number] {
    return [this.average, this.weight];
  }

  set state([average, weight]: readonly [average: number, weight: number]) {
    this.average = average;
    this.weight = weight;
  }
}

/** Steps that a resumed run can go back; a checkpoint is rarely more than a few hundred back. */
const RESUMABLE_STEPS = 8192;

interface AverageState {
  readonly step: number;
  readonly pass: string;
  readonly state: readonly [average: number, weight: number];
}

/**
 * The training loss that is shown, and that the trainer subtracts from the validation loss to get the
 * gap: averaged over the steps of one pass. A run that resumes from a checkpoint also resumes the
 * average of its step, so the newest states are kept; a run that goes back further starts its average
 * again.
 */
export class TrainingLoss {
  private readonly average = new DebiasedAverage(SMOOTHING_WEIGHT);
  private readonly states: AverageState[] = [];

  /** A later loss of an earlier step replaces everything from that step on. */
  add(step: number, pass: string, loss: number): void {
    if (step <= (this.states.at(-1)?.step ?? -1)) this.cutAfter(step - 1);
    if (pass !== this.states.at(-1)?.pass) this.average.state = [0, 0];
    this.average.add(loss);
    this.states.push({ step, pass, state: this.average.state });
    if (this.states.length > 2 * RESUMABLE_STEPS) this.states.splice(0, RESUMABLE_STEPS);
  }

  cutAfter(step: number): void {
    while ((this.states.at(-1)?.step ?? -1) > step) this.states.pop();
    this.average.state = this.states.at(-1)?.state ?? [0, 0];
  }

  get value(): number | null {
    return this.average.value;
  }

  /** null for a step that was not measured, or too long ago. */
  at(step: number): number | null {
    const found = this.states.findLast((state) => state.step <= step);
    if (found?.step !== step) return null;
    const [average, weight] = found.state;
    return weight > 0 ? average / weight : null;
  }
}

/** The smoothed training loss: the same computation as `Smoothing` of the trainer. */
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

const INITIAL_CAPACITY = 4096;

/**
 * The training loss that is shown, and that the trainer subtracts from the validation loss to get the
 * gap: averaged over the steps of one pass. The state after each step is kept, because a run that
 * resumes from a checkpoint also resumes the average of its step.
 */
export class TrainingLoss {
  private readonly average = new DebiasedAverage(SMOOTHING_WEIGHT);
  private pass: string | null = null;
  private readonly passes: { readonly index: number; readonly pass: string }[] = [];
  private steps = new Float64Array(INITIAL_CAPACITY);
  private averages = new Float64Array(INITIAL_CAPACITY);
  private weights = new Float64Array(INITIAL_CAPACITY);
  private length = 0;

  /** A later loss of an earlier step replaces everything from that step on. */
  add(step: number, pass: string, loss: number): void {
    if (this.length > 0 && step <= (this.steps[this.length - 1] ?? 0)) this.cutAfter(step - 1);
    if (pass !== this.pass) {
      this.pass = pass;
      this.passes.push({ index: this.length, pass });
      this.average.state = [0, 0];
    }
    this.average.add(loss);
    if (this.length === this.steps.length) this.grow();
    this.steps[this.length] = step;
    [this.averages[this.length], this.weights[this.length]] = this.average.state;
    this.length += 1;
  }

  cutAfter(step: number): void {
    while (this.length > 0 && (this.steps[this.length - 1] ?? 0) > step) this.length -= 1;
    while ((this.passes.at(-1)?.index ?? -1) >= this.length) this.passes.pop();
    this.pass = this.passes.at(-1)?.pass ?? null;
    const last = this.length - 1;
    this.average.state = last < 0 ? [0, 0] : [this.averages[last] ?? 0, this.weights[last] ?? 0];
  }

  get value(): number | null {
    return this.average.value;
  }

  private grow(): void {
    for (const name of ['steps', 'averages', 'weights'] as const) {
      const larger = new Float64Array(this[name].length * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
  }
}

/** What the steps, evaluations and saves of one run took: what the remaining time is estimated from. */
const STEPS_AVERAGED = 50;
/** With fewer steps the speed isn't known yet; the first step also compiles and allocates. */
export const MIN_STEPS = 3;

export class RunCosts {
  private readonly steps: number[] = [];
  private counted = 0;
  /** Of the newest evaluation of each kind, seconds. */
  readonly evaluations = new Map<string, number>();
  saveSeconds: number | null = null;

  addStep(seconds: number): void {
    this.counted += 1;
    this.steps.push(seconds);
    if (this.steps.length > STEPS_AVERAGED) this.steps.shift();
  }

  addEvent(event: Readonly<Record<string, unknown>>): void {
    const { type, when, seconds, stall_seconds: stall, abandoned } = event;
    if (type === 'evaluation' && typeof seconds === 'number' && abandoned !== true)
      this.evaluations.set(String(when), seconds);
    if (type === 'checkpoint' && typeof stall === 'number') this.saveSeconds = stall;
  }

  /** Of the last steps, without what happens between them; null before the third step. */
  get secondsPerStep(): number | null {
    if (this.counted < MIN_STEPS) return null;
    // The first step of a run also loads kernels and allocates; it would distort a short average.
    const hasFirst = this.counted <= STEPS_AVERAGED;
    const steps = hasFirst && this.counted > MIN_STEPS ? this.steps.slice(1) : this.steps;
    return steps.reduce((sum, seconds) => sum + seconds, 0) / steps.length;
  }
}

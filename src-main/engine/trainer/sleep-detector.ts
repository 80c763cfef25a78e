/** Whether the machine, or the engine itself, was asleep between two checks. */
import type { Clock } from '../../kit/clock.ts';

/** A gap between two checks of this length means that nothing ran. */
const ASLEEP_SECONDS = 8;

export interface Sleep {
  /** Unix seconds. */
  readonly from: number;
  readonly until: number;
  readonly seconds: number;
}

export class SleepDetector {
  private readonly clock: Clock;
  private lastMonotonic: number;
  private lastTime: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.lastMonotonic = clock.monotonic();
    this.lastTime = clock.now();
  }

  /** Called several times a second; null when there was no gap since the last call. */
  check(): Sleep | null {
    const monotonic = this.clock.monotonic();
    const until = this.clock.now();
    const from = this.lastTime;
    // On Linux the monotonic clock stops while the machine sleeps; elsewhere it continues.
    const seconds = Math.max(monotonic - this.lastMonotonic, until - from);
    this.lastMonotonic = monotonic;
    this.lastTime = until;
    return seconds > ASLEEP_SECONDS ? { from, until, seconds } : null;
  }
}

/** Whether the machine, or the engine itself, was asleep between two checks. */
import { duration } from '../../contract/format.ts';
import type { Clock } from '../../kit/clock.ts';
import type { SupervisorContext } from './context.ts';
import type { SupervisedPass } from './supervised-pass.ts';
import type { WatchedRun } from './watched-run.ts';

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

/** Tells the other rooms and the journal that nothing ran for a while. */
export function reportSleep(
  context: SupervisorContext,
  run: WatchedRun,
  pass: SupervisedPass,
  { from, until, seconds }: Sleep,
): void {
  const step = run.heartbeat?.step ?? null;
  context.emit(run, { type: 'asleep', t: context.clock.now(), from, until, step });
  context.journal.write({
    what: 'trainer.asleep',
    text: `The machine slept for ${duration(seconds)}, or its clock was changed. This doesn't count as a hang.`,
    step,
    dataset: pass.dataset.id,
    evidence: { from, until },
  });
}

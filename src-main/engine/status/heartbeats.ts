/** How often the current run sends heartbeats, so that slow steps aren't taken for a hang. */
import { decideStale, isPaceKnown } from './decide.ts';

const INTERVALS_KEPT = 200;
/** Closer reads are the same heartbeat: its age is measured with this error. */
const MIN_INTERVAL_SECONDS = 0.02;

export class HeartbeatIntervals {
  private readonly intervals: number[] = [];
  private last: { readonly run: string; readonly t: number } | null = null;

  /** `t`: when the newest heartbeat was written. */
  add(run: string, t: number): void {
    if (this.last?.run !== run) {
      this.intervals.length = 0;
      this.last = { run, t };
      return;
    }
    if (t - this.last.t < MIN_INTERVAL_SECONDS) return;
    this.intervals.push(t - this.last.t);
    if (this.intervals.length > INTERVALS_KEPT) this.intervals.shift();
    this.last = { run, t };
  }

  get isPaceKnown(): boolean {
    return isPaceKnown(this.intervals);
  }

  /** Seconds after which a heartbeat is stale. */
  get staleAfter(): number {
    return decideStale(this.intervals);
  }
}

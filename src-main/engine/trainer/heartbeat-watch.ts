/** The heartbeats of one process of a run: the newest one, its age, and how regularly they come. */
import type { Heartbeat, HeartbeatPhase } from '../../formats/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { readHeartbeat } from './run-files.ts';

const KEPT_INTERVALS = 400;

export class HeartbeatWatch {
  /** 0 leads; the others follow it step by step. */
  readonly rank: number;
  latest: Heartbeat | null = null;
  private readonly folder: string;
  private readonly clock: Clock;
  private readonly intervals = new Map<HeartbeatPhase, number[]>();
  private seenAt: number;

  constructor(folder: string, rank: number, clock: Clock) {
    this.folder = folder;
    this.rank = rank;
    this.clock = clock;
    this.seenAt = clock.monotonic();
  }

  /** The phase of the last heartbeat; before the first one the process is loading. */
  get phase(): HeartbeatPhase {
    return this.latest?.phase ?? 'load';
  }

  /**
   * Seconds without a new heartbeat, monotonic: setting the system clock must not look like a hang.
   */
  get age(): number {
    return this.clock.monotonic() - this.seenAt;
  }

  /**
   * After the machine or the engine slept, the missing heartbeats say nothing about the process.
   */
  ignoreGap(): void {
    this.seenAt = this.clock.monotonic();
  }

  intervalsOf(phase: HeartbeatPhase): readonly number[] {
    return this.intervals.get(phase) ?? [];
  }

  async read(): Promise<void> {
    const next = await readHeartbeat(this.folder, this.rank);
    if (next === null || next.seq === this.latest?.seq) return;
    const now = this.clock.monotonic();
    if (this.latest?.phase === next.phase) {
      const known = this.intervals.get(next.phase) ?? [];
      known.push(now - this.seenAt);
      if (known.length > KEPT_INTERVALS) known.shift();
      this.intervals.set(next.phase, known);
    }
    this.latest = next;
    this.seenAt = now;
  }
}

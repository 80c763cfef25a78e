/** A clock that stands still until a test advances it. */
import type { Clock } from '../../src-main/kit/clock.ts';

interface Timer {
  at: number;
  /** Null for a timer that fires once. */
  readonly interval: number | null;
  readonly call: () => void | Promise<void>;
  isBusy: boolean;
}

export class ManualClock implements Clock {
  private time: number;
  private elapsed = 0;
  private readonly timers = new Set<Timer>();

  constructor(now = 1_000_000) {
    this.time = now;
  }

  readonly now = (): number => this.time;
  readonly monotonic = (): number => this.elapsed;

  readonly every = (seconds: number, call: () => void | Promise<void>): (() => void) =>
    this.add(seconds, seconds, call);

  readonly after = (seconds: number, call: () => void): (() => void) =>
    this.add(seconds, null, call);

  readonly sleep = (seconds: number): Promise<void> =>
    new Promise((resolve) => {
      this.after(seconds, resolve);
    });

  /** Sets the system clock without any time passing, as a user or NTP does. */
  setNow(now: number): void {
    this.time = now;
  }

  /**
   * Fires the timers of the next seconds in their order. A call of `every` that has not ended is
   * not started twice, as with the real clock.
   */
  advance(seconds: number): void {
    const end = this.elapsed + seconds;
    for (;;) {
      const next = [...this.timers]
        .filter((timer) => timer.at <= end)
        .sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.moveTo(next.at);
      if (next.interval === null) this.timers.delete(next);
      else next.at += next.interval;
      this.fire(next);
    }
    this.moveTo(end);
  }

  /** Advances step by step and lets promises, and the file operations behind them, continue. */
  async advanceSlowly(seconds: number, stepSeconds = 0.25): Promise<void> {
    for (let passed = 0; passed < seconds; passed += stepSeconds) {
      this.advance(Math.min(stepSeconds, seconds - passed));
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
  }

  private add(
    seconds: number,
    interval: number | null,
    call: () => void | Promise<void>,
  ): () => void {
    const timer: Timer = { at: this.elapsed + seconds, interval, call, isBusy: false };
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  }

  private moveTo(elapsed: number): void {
    this.time += elapsed - this.elapsed;
    this.elapsed = elapsed;
  }

  private fire(timer: Timer): void {
    if (timer.isBusy) return;
    const result = timer.call();
    if (!(result instanceof Promise)) return;
    timer.isBusy = true;
    void result.finally(() => {
      timer.isBusy = false;
    });
  }
}

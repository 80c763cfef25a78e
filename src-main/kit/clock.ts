/** The clock as a parameter, so that time-dependent code can be tested without waiting. */

export interface Clock {
  /** Unix seconds. Jumps when the system clock is changed. */
  now(): number;
  /** Seconds since an arbitrary point; never decreases. */
  monotonic(): number;
  /**
   * Calls `callback` periodically until the returned function is called. Skips a call while the
   * last one is still running.
   */
  every(seconds: number, callback: () => void | Promise<void>): () => void;
  after(seconds: number, callback: () => void): () => void;
  sleep(seconds: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now() / 1000,
  monotonic: () => performance.now() / 1000,
  every(seconds, callback) {
    let running = false;
    const timer = setInterval(() => {
      if (running) return;
      running = true;
      void (async () => {
        try {
          await callback();
        } catch (error) {
          // eslint-disable-next-line no-console -- last resort: callers handle their own errors
          console.error(error);
        } finally {
          running = false;
        }
      })();
    }, seconds * 1000);
    return () => {
      clearInterval(timer);
    };
  },
  after(seconds, callback) {
    const timer = setTimeout(callback, seconds * 1000);
    return () => {
      clearTimeout(timer);
    };
  },
  sleep: (seconds) =>
    new Promise((resolve) => {
      setTimeout(resolve, seconds * 1000);
    }),
};

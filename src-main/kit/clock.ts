/** Time as an argument, so that rules about time can be tested without waiting. */

export interface Clock {
  /** Unix seconds. Jumps when somebody sets the clock. */
  now(): number;
  /** Seconds since some fixed point; never goes back. */
  monotonic(): number;
  /** Calls `f` every so many seconds until the returned function is called; a slow `f` is never run twice at once. */
  every(seconds: number, f: () => void | Promise<void>): () => void;
  after(seconds: number, f: () => void): () => void;
  sleep(seconds: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now() / 1000,
  monotonic: () => performance.now() / 1000,
  every(seconds, f) {
    let running = false;
    const timer = setInterval(() => {
      if (running) return;
      running = true;
      void (async () => {
        try {
          await f();
        } catch (error) {
          // eslint-disable-next-line no-console -- the last resort: whoever can report better catches its own
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
  after(seconds, f) {
    const timer = setTimeout(f, seconds * 1000);
    return () => {
      clearTimeout(timer);
    };
  },
  sleep: (seconds) =>
    new Promise((resolve) => {
      setTimeout(resolve, seconds * 1000);
    }),
};

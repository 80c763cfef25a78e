/** Runs one check at a time: after a delay, or at once when woken. */

/** Delay after a check during which the loop was woken. */
const RECHECK_MS = 50;

export interface PollLoopOptions {
  readonly check: () => Promise<void>;
  /** Delay until the next check, milliseconds. Asked after every check. */
  readonly delayMs: () => number;
  /** In messages on standard error: a failed check is reported there and doesn't end the loop. */
  readonly name: string;
}

export class PollLoop {
  private readonly options: PollLoopOptions;
  private closed = false;
  private checking = false;
  private checkAgain = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: PollLoopOptions) {
    this.options = options;
  }

  readonly wake = (): void => {
    if (this.closed) return;
    clearTimeout(this.timer);
    if (this.checking) {
      this.checkAgain = true;
      return;
    }
    this.checking = true;
    void this.options
      .check()
      .catch((error: unknown) => {
        process.stderr.write(`${this.options.name}: ${String(error)}\n`);
      })
      .then(() => {
        this.checking = false;
        const delayMs = this.checkAgain ? RECHECK_MS : this.options.delayMs();
        this.checkAgain = false;
        if (!this.closed) this.timer = setTimeout(this.wake, delayMs);
      });
  };

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }
}

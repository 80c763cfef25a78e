/** Space that is promised to what is being written: uploads, copies, base models, backups. */

interface Reservation {
  readonly folder: string;
  readonly bytes: number;
  /** Monotonic seconds after which the promise ends, unless it is renewed; null: when it is released. */
  readonly until: number | null;
}

export class Reservations {
  private readonly reserved = new Map<string, Reservation>();
  private readonly monotonic: () => number;
  constructor(monotonic: () => number) {
    this.monotonic = monotonic;
  }

  /** Replaces an earlier one of the same key. */
  set(key: string, folder: string, bytes: number, seconds: number | null = null): void {
    const until = seconds === null ? null : this.monotonic() + seconds;
    this.reserved.set(key, { folder, bytes: Math.max(0, bytes), until });
  }

  release(key: string): void {
    this.reserved.delete(key);
  }

  /** What others were promised in a folder, in bytes. */
  others(key: string | null, folder: string): number {
    const now = this.monotonic();
    let sum = 0;
    for (const [name, { folder: at, bytes, until }] of this.reserved)
      if (until !== null && until < now) this.reserved.delete(name);
      else if (name !== key && at === folder) sum += bytes;
    return sum;
  }
}

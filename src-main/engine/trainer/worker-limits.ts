/**
 * What a worker may take: time without a heartbeat, time in all, and memory. Its file comes from
 * anywhere, and one that never ends must not stop those behind it.
 */
import { bytes, duration } from '../../contract/format.ts';
import type { RunKind, WorkerKind } from '../../formats/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { signalGroup } from '../../kit/identity.ts';
import { residentMegabytes } from '../../machine/index.ts';
import type { WorkerResult } from './types.ts';
import type { WatchedRun } from './watched-run.ts';

const GIBIBYTE = 1024 ** 3;
const MEBIBYTE = 1024 ** 2;
const HEARTBEAT_CHECK_SECONDS = 5;
/** A longer pause between two checks was one of the engine or of the machine, not of the worker. */
const GAP_SECONDS = 10;
/** Python refuses an allocation above this part of the limit itself, and can say for what. */
const OWN_LIMIT = 1.25;

interface KindLimits {
  readonly silenceSeconds: number;
  readonly wallSeconds: number;
  /** Bytes that are always allowed, and the part of the available memory that is. */
  readonly memoryFloor: number;
  readonly memoryShare: number;
  readonly memoryCap: number;
}

const HOUR = 3600;
const model = { memoryFloor: 8 * GIBIBYTE, memoryShare: 0.9, memoryCap: Infinity };
const LIMITS: Readonly<Record<WorkerKind, KindLimits>> = {
  intake: {
    silenceSeconds: 300,
    wallSeconds: 12 * HOUR,
    memoryFloor: 2 * GIBIBYTE,
    memoryShare: 0.5,
    memoryCap: 8 * GIBIBYTE,
  },
  // A download may take its time.
  base: {
    silenceSeconds: 600,
    wallSeconds: 3 * HOUR,
    memoryFloor: 4 * GIBIBYTE,
    memoryShare: 0.5,
    memoryCap: 16 * GIBIBYTE,
  },
  sample: {
    silenceSeconds: 300,
    wallSeconds: HOUR,
    memoryFloor: 2 * GIBIBYTE,
    memoryShare: 0.5,
    memoryCap: 2 * GIBIBYTE,
  },
  evaluate: { silenceSeconds: 900, wallSeconds: 24 * HOUR, ...model },
  verify: { silenceSeconds: 900, wallSeconds: 12 * HOUR, ...model },
  stage: { silenceSeconds: 900, wallSeconds: 12 * HOUR, ...model },
  chat: { silenceSeconds: 900, wallSeconds: 24 * HOUR, ...model },
};

export interface WorkerLimits {
  readonly silenceSeconds: number;
  readonly wallSeconds: number;
  readonly memoryBytes: number;
}

/** `available`: bytes that this machine, or its container, can give now. Pure. */
export function limitsOf(kind: WorkerKind, available: number): WorkerLimits {
  const { silenceSeconds, wallSeconds, memoryFloor, memoryShare, memoryCap } = LIMITS[kind];
  const memoryBytes = Math.round(
    Math.max(memoryFloor, Math.min(memoryCap, available * memoryShare)),
  );
  return { silenceSeconds, wallSeconds, memoryBytes };
}

/** Models on a GPU map more memory than they use, so only the engine watches their workers. */
export const limitsItself = (kind: RunKind): boolean =>
  kind === 'intake' || kind === 'base' || kind === 'sample';

export const ownMemoryLimit = (limits: WorkerLimits): number =>
  Math.round(limits.memoryBytes * OWN_LIMIT);

type Stopped = Extract<WorkerResult, { readonly ok: false }>;

export class LimitWatch {
  private readonly kind: WorkerKind;
  private readonly limits: WorkerLimits;
  private readonly clock: Clock;
  private readonly resident: (pid: number) => Promise<number | null>;
  private readonly end: number;
  private nextHeartbeat: number;
  private last: number;

  constructor(options: {
    readonly kind: WorkerKind;
    readonly limits: WorkerLimits;
    readonly clock: Clock;
    /** MiB of a process; null: unknown. */
    readonly resident?: (pid: number) => Promise<number | null>;
  }) {
    this.kind = options.kind;
    this.limits = options.limits;
    this.clock = options.clock;
    this.resident = options.resident ?? residentMegabytes;
    this.last = options.clock.monotonic();
    this.end = this.last + options.limits.wallSeconds;
    this.nextHeartbeat = this.last + HEARTBEAT_CHECK_SECONDS;
  }

  /** Kills the process and says why when it has reached a limit. */
  async check(run: WatchedRun): Promise<Stopped | null> {
    const stopped = await this.reached(run);
    if (stopped !== null) signalGroup(run.identity, 'SIGKILL');
    return stopped;
  }

  private async reached(run: WatchedRun): Promise<Stopped | null> {
    const now = this.clock.monotonic();
    if (now - this.last > GAP_SECONDS) run.ignoreGap();
    this.last = now;
    const { memoryBytes, wallSeconds, silenceSeconds } = this.limits;
    const megabytes = await this.resident(run.identity.pid);
    if (megabytes !== null && megabytes * MEBIBYTE > memoryBytes)
      return this.stopped(
        'over_limit',
        `needs more than ${bytes(memoryBytes)} of memory, its limit on this machine`,
      );
    if (now > this.end)
      return this.stopped('over_limit', `was not done after ${duration(wallSeconds)}`);
    if (now < this.nextHeartbeat) return null;
    this.nextHeartbeat = now + HEARTBEAT_CHECK_SECONDS;
    await run.readHeartbeat();
    return run.heartbeatAge > silenceSeconds
      ? this.stopped('hang', `has not responded for ${duration(silenceSeconds)}`)
      : null;
  }

  private stopped(category: string, what: string): Stopped {
    const message = `The ${this.kind} worker ${what}, and was ended.`;
    return { ok: false, category, message, log: '' };
  }
}

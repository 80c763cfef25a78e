/** A run under observation: its new events, its heartbeat, its process, and commands to it. */
import type { ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  commandFile,
  commandName,
  type CommandVerb,
  eventsFile,
  type Heartbeat,
  type HeartbeatPhase,
  nextCommandSeq,
  type RunEvent,
  writeFormat,
} from '../../formats/index.ts';
import { systemRefusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { type Identity, isAlive, processState } from '../../kit/identity.ts';
import { createSerializer } from '../../kit/serializer.ts';
import { Tail } from '../../kit/tail.ts';
import { HeartbeatWatch } from './heartbeat-watch.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

/**
 * Orders by signal, for a disk that takes no command file: consecutive numbers in this order, as
 * `SIGNAL_VERBS` of Python.
 */
const SIGNAL_VERBS: readonly CommandVerb[] = ['pause', 'resume', 'stop-now', 'skip'];
/** The system reports the exit code within this time after the process is gone. */
const EXIT_CODE_SECONDS = 2;

export class WatchedRun {
  readonly run: string;
  readonly folder: string;
  readonly identity: Identity;
  readonly startedAt: number;
  /** One for each process of the run; the first one leads. */
  readonly ranks: readonly HeartbeatWatch[];
  private readonly leader: HeartbeatWatch;
  exitCode: number | null = null;
  signal: string | null = null;
  pending: { readonly verb: CommandVerb; readonly t: number; readonly seq: number } | null = null;
  private readonly clock: Clock;
  private readonly tail: Tail;
  private hasExited = false;
  private readonly exited: Promise<void>;
  private readonly commands = createSerializer();

  constructor(options: {
    readonly run: string;
    readonly folder: string;
    readonly identity: Identity;
    /** Null for a process that another engine started. */
    readonly child: ChildProcess | null;
    readonly clock: Clock;
    /** Processes that train each step together; absent: one. */
    readonly processes?: number;
  }) {
    this.run = options.run;
    this.folder = options.folder;
    this.identity = options.identity;
    this.clock = options.clock;
    this.startedAt = options.clock.now();
    this.leader = new HeartbeatWatch(options.folder, 0, options.clock);
    const followers = Array.from(
      { length: (options.processes ?? 1) - 1 },
      (_, index) => new HeartbeatWatch(options.folder, index + 1, options.clock),
    );
    this.ranks = [this.leader, ...followers];
    this.tail = new Tail(path.join(options.folder, 'events.jsonl'));
    this.exited = options.child === null ? Promise.resolve() : this.exitOf(options.child);
  }

  /**
   * The process may be gone before Node reports how it ended, and exit code and signal decide the
   * category of a crash.
   */
  async awaitExitCode(): Promise<void> {
    let cancel = (): void => undefined;
    const timeout = new Promise<void>((resolve) => {
      cancel = this.clock.after(EXIT_CODE_SECONDS, resolve);
    });
    await Promise.race([this.exited, timeout]);
    cancel();
  }

  get isAlive(): boolean {
    return !this.hasExited && isAlive(this.identity);
  }

  get heartbeat(): Heartbeat | null {
    return this.leader.latest;
  }

  get phase(): HeartbeatPhase {
    return this.leader.phase;
  }

  get heartbeatAge(): number {
    return this.leader.age;
  }

  /** The heartbeat by which a hang is found; a follower that ended has nothing to prove. */
  get oldest(): HeartbeatWatch {
    const living = this.ranks.filter(
      ({ rank, latest }) => rank === 0 || latest === null || isAlive(latest),
    );
    return living.reduce((oldest, next) => (next.age > oldest.age ? next : oldest), this.leader);
  }

  /** After the machine or the engine slept. */
  ignoreGap(): void {
    for (const rank of this.ranks) rank.ignoreGap();
  }

  async readHeartbeat(): Promise<void> {
    for (const rank of this.ranks) await rank.read();
  }

  /** Events since the last call. */
  async readEvents(): Promise<readonly RunEvent[]> {
    const events: RunEvent[] = [];
    for (const line of await this.tail.read()) {
      const event = eventsFile.parseLine(line);
      if (event === null) continue;
      if (event.type === 'acknowledged' && event.seq === this.pending?.seq) this.pending = null;
      events.push(event);
    }
    return events;
  }

  /** One at a time: the number of a command follows from the files that are there. */
  command(verb: CommandVerb, args: Readonly<Record<string, unknown>> = {}): Promise<void> {
    return this.commands.run(async () => {
      const folder = path.join(this.folder, 'commands');
      const seq = nextCommandSeq(await readdir(folder).catch(unlessTemporary([])));
      const t = this.clock.now();
      // Nobody waits for a setting; it must not hide a pause that is under way.
      if (verb !== 'configure') this.pending = { verb, t, seq };
      const file = path.join(folder, commandName(seq, verb));
      try {
        await writeFormat(file, commandFile, { seq, verb, t, args: { ...args } });
      } catch (error) {
        if (systemRefusal(error) === null || !this.signalOrder(verb)) throw error;
        this.pending = { verb, t, seq: 0 };
      }
    });
  }

  /** To the process that wrote the heartbeat. False when it takes none: it would end it. */
  private signalOrder(verb: CommandVerb): boolean {
    const { heartbeat } = this;
    const first = heartbeat?.order_signal ?? null;
    const number = SIGNAL_VERBS.indexOf(verb);
    if (heartbeat === null || first === null || number < 0) return false;
    if (processState(heartbeat) !== 'alive') return false;
    process.kill(heartbeat.pid, first + number);
    return true;
  }

  private exitOf(child: ChildProcess): Promise<void> {
    return new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.hasExited = true;
        this.exitCode = code;
        this.signal = signal;
        resolve();
      });
    });
  }
}

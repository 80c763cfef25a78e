/** One run under observation: its events as they come, its heartbeat, and whether its process is still the one that was started. */
import type { ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../kit/clock.ts';
import { writeJson } from '../../kit/files.ts';
import { type Identity, isAlive } from '../../kit/identity.ts';
import { createSerializer } from '../../kit/serializer.ts';
import { Tail } from '../../kit/tail.ts';
import { type BeatFile, parseEvent, readBeat } from './run-files.ts';
import type { TrainerEvent, Verb } from './types.ts';

const beatsKept = 400;
/** Seconds within which the system tells the parent how a child ended, once it is seen to be gone. */
const lastWordWithin = 2;

export class WatchedRun {
  readonly run: string;
  readonly folder: string;
  readonly identity: Identity;
  readonly startedAt: number;
  exitCode: number | null = null;
  signal: string | null = null;
  beat: BeatFile | null = null;
  pending: { readonly verb: string; readonly t: number; readonly seq: number } | null = null;
  private readonly clock: Clock;
  private readonly tail: Tail;
  private readonly beats = new Map<string, number[]>();
  private beatSeenAt: number;
  private hasExited = false;
  private readonly exited: Promise<void>;
  private readonly commands = createSerializer();

  constructor(options: {
    readonly run: string;
    readonly folder: string;
    readonly identity: Identity;
    readonly child: ChildProcess | null;
    readonly clock: Clock;
    readonly eventsFrom?: number;
  }) {
    this.run = options.run;
    this.folder = options.folder;
    this.identity = options.identity;
    this.clock = options.clock;
    this.startedAt = options.clock.now();
    this.beatSeenAt = options.clock.monotonic();
    this.tail = new Tail(path.join(options.folder, 'events.jsonl'), options.eventsFrom ?? 0);
    const { child } = options;
    this.exited =
      child === null
        ? Promise.resolve()
        : new Promise((resolve) => {
            child.once('exit', (code, signal) => {
              this.hasExited = true;
              this.exitCode = code;
              this.signal = signal;
              resolve();
            });
          });
  }

  /** A look may find the process gone before its parent is told how: the code and the signal decide what it is called. */
  async lastWord(): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.clock.after(lastWordWithin, resolve);
    });
    await Promise.race([this.exited, late]);
    cancel();
  }

  get isAlive(): boolean {
    return !this.hasExited && isAlive(this.identity);
  }

  /** Seconds without a new beat, by the engine's own monotonic clock: a clock that is set causes no hang. */
  get silence(): number {
    return this.clock.monotonic() - this.beatSeenAt;
  }

  /** The machine slept, or the engine did: what came before says nothing about the trainer. */
  forgive(): void {
    this.beatSeenAt = this.clock.monotonic();
  }

  beatsOf(phase: string): readonly number[] {
    return this.beats.get(phase) ?? [];
  }

  async readBeat(): Promise<void> {
    const next = await readBeat(this.folder);
    if (next === null || (this.beat !== null && next.seq === this.beat.seq)) return;
    const now = this.clock.monotonic();
    if (this.beat?.phase === next.phase) {
      const known = this.beats.get(next.phase) ?? [];
      known.push(now - this.beatSeenAt);
      if (known.length > beatsKept) known.shift();
      this.beats.set(next.phase, known);
    }
    this.beat = next;
    this.beatSeenAt = now;
  }

  async readEvents(): Promise<readonly TrainerEvent[]> {
    const out: TrainerEvent[] = [];
    for (const line of await this.tail.read()) {
      const event = parseEvent(line);
      if (event === null) continue;
      if (event.type === 'acknowledged' && event.seq === this.pending?.seq) this.pending = null;
      out.push(event);
    }
    return out;
  }

  /** Atomic, so that the trainer never reads half a command. Numbers go on over engines; two commands at once get two. */
  command(verb: Verb): Promise<void> {
    return this.commands.run(() => this.write(verb));
  }

  private async write(verb: Verb): Promise<void> {
    const folder = path.join(this.folder, 'commands');
    const numbers = (await readdir(folder).catch(() => [])).map((name) =>
      Number.parseInt(name, 10),
    );
    const seq = Math.max(0, ...numbers.filter((number) => Number.isFinite(number))) + 1;
    const t = this.clock.now();
    this.pending = { verb, t, seq };
    await writeJson(path.join(folder, `${String(seq).padStart(6, '0')}-${verb}.json`), {
      format: 1,
      seq,
      verb,
      t,
      args: {},
    });
  }
}

/**
 * The supervision loop: read, decide, act. Woken by a timer, by the exit of the engine it started,
 * or by a lost connection.
 */
import { mkdirSync } from 'node:fs';
import { CONTRACT_VERSION, type Rooms, systemRefusal } from '../../contract/index.ts';
import { backoffMs, decideNext, type Decision, type Handshake } from './decide.ts';
import { requestExit, requestTicket, type Address } from './engine-http.ts';
import { startEngine, type Child } from './engine-process.ts';
import { openFeed, type Client, type Feed } from './feed.ts';
import { killEngine, type Holder } from './lock-holder.ts';
import { observe, SilenceCounter } from './observe.ts';
import { PollLoop } from './poll-loop.ts';
import type { Connection, Supervisor, SupervisorOptions } from './types.ts';

const ATTACHED_POLL_MS = 1500;
const UNATTACHED_POLL_MS = 50;
/** Minimum time before a lost connection to the same engine is reopened. */
const REOPEN_MS = 500;
/** An engine that ran this long resets the count of failed starts. */
const STABLE_MS = 30_000;
/** Failed starts in a row before the listener is notified. */
const FAILED_STARTS_TO_REPORT = 4;
const UNKNOWN_CAUSE = 'it disappeared';

export function createSupervisor(options: SupervisorOptions): Supervisor {
  return new EngineSupervisor(options);
}

class EngineSupervisor implements Supervisor {
  private readonly options: SupervisorOptions;
  private current: Connection = { kind: 'starting', problem: null };
  private latestRooms: Rooms | null = null;
  private feed: Feed | null = null;
  private child: Child | null = null;
  /** Why the last engine ended. */
  private cause = UNKNOWN_CAUSE;
  private readonly silence: SilenceCounter;
  private failedStarts = 0;
  private nextStartMs = 0;
  private attachedMs = 0;
  private seenHolder = { pid: 0, sinceMs: 0 };
  /** Set while an attached engine is gone and not yet replaced. */
  private lost: { readonly cause: string; readonly ms: number } | null = null;
  private exitRequested = false;
  private closed = false;
  private readonly loop: PollLoop;

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.silence = new SilenceCounter(ATTACHED_POLL_MS, options.nowMs());
    this.loop = new PollLoop({
      check: () => this.check(),
      delayMs: () => this.nextCheckMs(),
      name: 'supervisor',
    });
    this.loop.wake();
  }

  connection(): Connection {
    return this.current;
  }

  rooms(): Rooms | null {
    return this.latestRooms;
  }

  client(): Client | null {
    return this.current.kind === 'attached' ? (this.feed?.client ?? null) : null;
  }

  async ticket(): Promise<{ readonly url: string; readonly ticket: string }> {
    while (!this.closed) {
      if (this.current.kind === 'attached') {
        const { address } = this.current;
        const ticket = await requestTicket(address).catch(() => null);
        if (ticket !== null) return { url: `ws://127.0.0.1:${String(address.port)}/ws`, ticket };
      }
      await new Promise((resolve) => setTimeout(resolve, UNATTACHED_POLL_MS));
    }
    throw new Error('The window is closing.');
  }

  async restartEngine(): Promise<void> {
    if (this.current.kind === 'starting') return;
    this.exitRequested = true;
    await requestExit(this.current.address);
    this.loop.wake();
  }

  async shutDownEngine(): Promise<void> {
    const ending = this.restartEngine();
    this.close();
    await ending.catch(() => undefined);
  }

  close(): void {
    this.closed = true;
    this.loop.close();
    this.feed?.close();
  }

  private now(): number {
    return this.options.nowMs();
  }

  private setConnection(next: Connection): void {
    if (JSON.stringify(next) === JSON.stringify(this.current)) return;
    this.current = next;
    this.options.listener.onConnection(next);
  }

  private nextCheckMs(): number {
    const isAttached = this.current.kind === 'attached';
    const soon = this.current.kind === 'starting' || (isAttached && this.feed === null);
    return soon ? UNATTACHED_POLL_MS : ATTACHED_POLL_MS;
  }

  private async check(): Promise<void> {
    const { holder, address, probe } = await observe(this.options.workspace);
    if (this.closed) return;
    this.silence.add(probe, this.now());
    const pid = holder?.pid ?? 0;
    if (pid !== this.seenHolder.pid) this.seenHolder = { pid, sinceMs: this.now() };
    const { child } = this;
    const decision = decideNext({
      holder: holder === null ? null : { pid, seenMs: this.now() - this.seenHolder.sinceMs },
      probe,
      silent: this.silence.count,
      child: child === null ? null : { pid: child.pid, ageMs: this.now() - child.startedMs },
      contract: CONTRACT_VERSION,
      waitMs: this.nextStartMs - this.now(),
    });
    await this.act(decision, holder, address);
  }

  private async act(
    decision: Decision,
    holder: Holder | null,
    address: Address | null,
  ): Promise<void> {
    switch (decision.kind) {
      case 'attach':
        if (address !== null) this.attach(decision.handshake, address);
        return;
      case 'older':
      case 'newer':
        if (this.current.kind === 'attached') this.detach();
        if (address !== null)
          this.setConnection({ kind: decision.kind, engine: decision.handshake, address });
        return;
      case 'start':
        this.detach();
        await this.start();
        return;
      case 'replace':
        this.kill(holder, decision.pid);
        return;
      case 'wait':
        if (holder === null) this.detach();
        return;
    }
  }

  private attach(engine: Handshake, address: Address): void {
    const { current } = this;
    const isSame = current.kind === 'attached' && current.engine.pid === engine.pid;
    if (isSame && this.feed !== null) {
      if (this.now() - this.attachedMs > STABLE_MS) this.failedStarts = 0;
      return;
    }
    if (current.kind === 'attached' && !isSame) this.detach();
    if (isSame && this.now() - this.attachedMs < REOPEN_MS) return;
    this.feed?.close();
    this.attachedMs = this.now();
    this.feed = openFeed(address, {
      onRooms: (rooms) => {
        this.latestRooms = rooms;
        this.options.listener.onRooms(rooms);
      },
      onClose: () => {
        this.feed = null;
        this.loop.wake();
      },
    });
    this.setConnection({ kind: 'attached', engine, address });
    if (this.lost !== null)
      this.options.listener.onReplaced(this.lost.cause, this.now() - this.lost.ms);
    this.lost = null;
    this.exitRequested = false;
  }

  /** No engine holds the workspace any more. */
  private detach(): void {
    // Between two attempts the problem of the last one is still what the user has to know.
    if (this.current.kind === 'starting') return;
    if (this.current.kind === 'attached' && !this.exitRequested)
      this.lost ??= { cause: this.cause, ms: this.now() };
    this.cause = UNKNOWN_CAUSE;
    this.feed?.close();
    this.feed = null;
    this.latestRooms = null;
    this.setConnection({ kind: 'starting', problem: null });
  }

  private startFailed(problem: string): void {
    this.setConnection({ kind: 'starting', problem });
    if (this.failedStarts === FAILED_STARTS_TO_REPORT)
      this.options.listener.onStartFailing(problem);
  }

  private async start(): Promise<void> {
    const { workspace, log, env, nowMs, listener } = this.options;
    this.failedStarts += 1;
    this.nextStartMs = this.now() + backoffMs(this.failedStarts);
    try {
      mkdirSync(workspace, { recursive: true });
      const program = await this.options.program();
      const started = startEngine({
        program,
        workspace,
        log,
        env,
        nowMs,
        onExit: (cause, said) => {
          this.onEngineExit(cause, said);
        },
      });
      this.child = started;
      if (started !== null) listener.onStarted(started);
    } catch (thrown) {
      const error = systemRefusal(thrown) ?? thrown;
      this.startFailed(error instanceof Error ? error.message : String(error));
    }
  }

  private onEngineExit(cause: string, said: string | null): void {
    this.cause = cause;
    // The connection can close before the exit is known.
    if (this.lost !== null) this.lost = { ...this.lost, cause };
    if (this.current.kind === 'starting') this.startFailed(said ?? `It ended with ${cause}.`);
    this.child = null;
    this.loop.wake();
  }

  private kill(holder: Holder | null, pid: number): void {
    this.cause = 'it stopped responding';
    if (holder !== null) killEngine(holder);
    else if (this.child?.pid === pid) process.kill(pid, 'SIGKILL');
    this.silence.count = 0;
  }
}

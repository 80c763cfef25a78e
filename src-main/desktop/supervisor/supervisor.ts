/** The loop around the decisions: read, decide, act; woken by a timer, by the end of the child, or by the end of the connection. */
import { mkdirSync } from 'node:fs';
import { CONTRACT_VERSION, type Rooms } from '../../contract/index.ts';
import { backoffMs, decideNext, type Handshake, type Probe } from './decide.ts';
import { leave, oneTicket, probe, type Address } from './door.ts';
import { startEngine, type Child, type EngineProgram } from './engine-process.ts';
import { openFeed, type Client, type Feed } from './feed.ts';
import { endEngine, readHolder, readToken, type Holder } from './holder.ts';

export type Connection =
  | { readonly kind: 'starting'; readonly problem: string | null }
  | { readonly kind: 'attached'; readonly engine: Handshake; readonly address: Address }
  | {
      readonly kind: 'older' | 'newer';
      readonly engine: Handshake;
      readonly address: Address;
    };

export interface SupervisorListener {
  connection(connection: Connection): void;
  rooms(rooms: Rooms): void;
  /** An engine that was attached is gone, and another has taken over after so many milliseconds. */
  replaced(how: string, afterMs: number): void;
  /** Several starts in a row came to nothing; told once in a series. */
  struggling(problem: string): void;
  started(child: { readonly pid: number }): void;
}

export interface Supervisor {
  readonly connection: () => Connection;
  readonly rooms: () => Rooms | null;
  /** The engine's procedures; null while none is attached. */
  readonly client: () => Client | null;
  /** Waits for an engine; the address of its WebSocket and a ticket that is good once. */
  ticket(): Promise<{ readonly url: string; readonly ticket: string }>;
  /** Ends the attached engine (training is not touched); the next one is started by supervision. */
  restartEngine(): Promise<void>;
  /** Ends the attached engine and supervision with it. */
  leave(): Promise<void>;
  /** Ends supervision; the engine goes on. */
  close(): void;
}

export interface SupervisorOptions {
  readonly workspace: string;
  readonly program: () => Promise<EngineProgram>;
  readonly log: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: () => number;
  readonly listener: SupervisorListener;
}

const ATTACHED_MS = 1500;
const UNATTACHED_MS = 50;
/** At the soonest, a connection that broke is made anew with the same engine. */
const REOPEN_MS = 500;
/** An engine that lived this long ends the series of failed starts. */
const SETTLED_MS = 30_000;
/** So many starts in a row are told. */
const STRUGGLING = 4;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { workspace, nowMs, listener } = options;
  let connection: Connection = { kind: 'starting', problem: null };
  let rooms: Rooms | null = null;
  let feed: Feed | null = null;
  let child: Child | null = null;
  let lastHow = 'it vanished';
  let [silent, silentMs, failures, mayStartMs, attachedMs] = [0, nowMs(), 0, 0, 0];
  let seen = { pid: 0, ms: 0 };
  let lost: { readonly how: string; readonly ms: number } | null = null;
  let asked = false;
  let closed = false;
  let [looking, again] = [false, false];
  let timer: NodeJS.Timeout | undefined;

  const become = (next: Connection): void => {
    if (JSON.stringify(next) === JSON.stringify(connection)) return;
    connection = next;
    listener.connection(next);
  };

  const look = async (): Promise<void> => {
    const holder = await readHolder(workspace);
    const token = holder?.port == null ? null : await readToken(workspace);
    const address: Address | null =
      holder?.port == null || token === null ? null : { port: holder.port, token };
    const answer: Probe = address === null ? { kind: 'none' } : await probe(address);
    if (closed) return;
    count(answer);
    if (holder?.pid !== seen.pid) seen = { pid: holder?.pid ?? 0, ms: nowMs() };
    const decision = decideNext({
      holder: holder === null ? null : { pid: holder.pid, seenMs: nowMs() - seen.ms },
      probe: answer,
      silent,
      child: child === null ? null : { pid: child.pid, ageMs: nowMs() - child.startedMs },
      contract: CONTRACT_VERSION,
      waitMs: mayStartMs - nowMs(),
    });
    switch (decision.kind) {
      case 'attach':
        if (address !== null) attach(decision.handshake, address);
        return;
      case 'older':
      case 'newer':
        if (connection.kind === 'attached') detach();
        if (address !== null) become({ kind: decision.kind, engine: decision.handshake, address });
        return;
      case 'start':
        detach();
        await start();
        return;
      case 'replace':
        replace(holder, decision.pid);
        return;
      case 'wait':
        if (holder === null) detach();
        return;
    }
  };

  /** A port that refuses answers at once; silence is only counted once in a spell, or an engine on its way out would be hit. */
  const count = (answer: Probe): void => {
    if (answer.kind !== 'silent') [silent, silentMs] = [0, nowMs()];
    else if (nowMs() - silentMs >= ATTACHED_MS) [silent, silentMs] = [silent + 1, nowMs()];
  };

  const attach = (engine: Handshake, address: Address): void => {
    if (feed !== null && connection.kind === 'attached' && connection.engine.pid === engine.pid) {
      if (nowMs() - attachedMs > SETTLED_MS) failures = 0;
      return;
    }
    if (connection.kind === 'attached' && connection.engine.pid !== engine.pid) detach();
    if (feed === null && connection.kind === 'attached' && nowMs() - attachedMs < REOPEN_MS) return;
    feed?.close();
    attachedMs = nowMs();
    feed = openFeed(address, {
      rooms: (next) => {
        rooms = next;
        listener.rooms(next);
      },
      closed: () => {
        feed = null;
        wake();
      },
    });
    become({ kind: 'attached', engine, address });
    if (lost !== null) listener.replaced(lost.how, nowMs() - lost.ms);
    [lost, asked] = [null, false];
  };

  /** Nobody holds the workspace any more. */
  const detach = (): void => {
    if (connection.kind === 'starting') return;
    if (connection.kind === 'attached' && !asked) lost ??= { how: lastHow, ms: nowMs() };
    lastHow = 'it vanished';
    feed?.close();
    [feed, rooms] = [null, null];
    become({ kind: 'starting', problem: null });
  };

  const hindered = (problem: string): void => {
    become({ kind: 'starting', problem });
    if (failures === STRUGGLING) listener.struggling(problem);
  };

  const start = async (): Promise<void> => {
    failures += 1;
    mayStartMs = nowMs() + backoffMs(failures);
    try {
      mkdirSync(workspace, { recursive: true });
      const program = await options.program();
      const started = startEngine({
        program,
        workspace,
        log: options.log,
        env: options.env,
        nowMs,
        ended: (how) => {
          lastHow = how;
          // The connection ends a moment before the process is known to have ended.
          if (lost !== null) lost = { ...lost, how };
          if (connection.kind === 'starting') hindered(`${how}, see ${options.log}`);
          child = null;
          wake();
        },
      });
      child = started;
      if (started !== null) listener.started(started);
    } catch (error) {
      hindered(error instanceof Error ? error.message : String(error));
    }
  };

  const replace = (holder: Holder | null, pid: number): void => {
    lastHow = 'it no longer answered';
    if (holder !== null) endEngine(holder);
    else if (child?.pid === pid) process.kill(pid, 'SIGKILL');
    silent = 0;
  };

  const wake = (): void => {
    if (closed) return;
    clearTimeout(timer);
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    void look()
      .catch((error: unknown) => {
        process.stderr.write(`supervisor: ${String(error)}\n`);
      })
      .then(() => {
        looking = false;
        const soon =
          again ||
          connection.kind === 'starting' ||
          (connection.kind === 'attached' && feed === null);
        again = false;
        if (!closed) timer = setTimeout(wake, soon ? UNATTACHED_MS : ATTACHED_MS);
      });
  };

  const close = (): void => {
    closed = true;
    clearTimeout(timer);
    feed?.close();
  };

  const askToLeave = async (): Promise<void> => {
    if (connection.kind === 'starting') return;
    asked = true;
    await leave(connection.address);
    wake();
  };

  wake();
  return {
    connection: () => connection,
    rooms: () => rooms,
    client: () => (connection.kind === 'attached' ? (feed?.client ?? null) : null),
    async ticket() {
      while (!closed) {
        if (connection.kind === 'attached') {
          const { address } = connection;
          const ticket = await oneTicket(address).catch(() => null);
          if (ticket !== null) return { url: `ws://127.0.0.1:${String(address.port)}/ws`, ticket };
        }
        await new Promise((resolve) => setTimeout(resolve, UNATTACHED_MS));
      }
      throw new Error('The window is closing.');
    },
    restartEngine: askToLeave,
    async leave() {
      const ending = askToLeave();
      close();
      await ending.catch(() => undefined);
    },
    close,
  };
}

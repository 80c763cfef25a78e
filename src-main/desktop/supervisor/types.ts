/** The interface of the supervisor. */
import type { Rooms } from '../../contract/index.ts';
import type { Handshake } from './decide.ts';
import type { Address } from './engine-http.ts';
import type { EngineProgram } from './engine-process.ts';
import type { Client } from './feed.ts';

export type Connection =
  | { readonly kind: 'starting'; readonly problem: string | null }
  | { readonly kind: 'attached'; readonly engine: Handshake; readonly address: Address }
  | {
      readonly kind: 'older' | 'newer';
      readonly engine: Handshake;
      readonly address: Address;
    };

export interface SupervisorListener {
  onConnection(connection: Connection): void;
  onRooms(rooms: Rooms): void;
  /** The attached engine ended (`cause`) and another one is attached, `afterMs` later. */
  onReplaced(cause: string, afterMs: number): void;
  /** Several starts in a row failed. Called once per series. */
  onStartFailing(problem: string): void;
  onStarted(child: { readonly pid: number }): void;
}

export interface Supervisor {
  connection(): Connection;
  rooms(): Rooms | null;
  /** The engine's procedures; null while no engine is attached. */
  client(): Client | null;
  /** Waits for an engine. Resolves to its WebSocket address and a one-time ticket. */
  ticket(): Promise<{ readonly url: string; readonly ticket: string }>;
  /** Ends the attached engine; supervision then starts a new one. Training is not affected. */
  restartEngine(): Promise<void>;
  /** Ends the attached engine and stops supervising. */
  shutDownEngine(): Promise<void>;
  /** Stops supervising; the engine keeps running. */
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

/** What the answers of the scripted engine work on. */
import type { Procedures, RoomName, Rooms } from '../../src-main/contract/index.ts';

/** What the answers can read and change. Values are sparse: the contract completes and checks them. */
export interface Stage {
  readonly now: () => number;
  readonly rooms: () => Rooms;
  readonly step: () => number;
  readonly change: (rooms: Partial<Record<RoomName, unknown>>, metrics?: object | null) => void;
  /** Refuses NOT_FOUND. */
  readonly find: <R extends ListRoom>(room: R, id: string) => Rooms[R][number];
  readonly update: <R extends ListRoom>(room: R, id: string, facts: object) => Rooms[R][number];
}
type ListRoom = 'datasets' | 'versions' | 'backups' | 'notices';

/** What a test asks of the next restores: how long each phase takes, and which one fails. */
export interface RestoreScript {
  pace: number;
  failsAt: { readonly phase: string; readonly message: string } | null;
  freeBytes: number;
}

/** By group and procedure. Undefined, also as a result: the answer follows from the contract. */
export type Answers = {
  readonly [G in keyof Procedures]: {
    readonly [N in keyof Procedures[G]]?: Procedures[G][N] extends (input: infer I) => unknown
      ? (input: I) => object | undefined
      : never;
  };
};

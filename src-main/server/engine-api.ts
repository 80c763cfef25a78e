/**
 * What the server needs from the engine: one function per procedure of the contract, and a
 * subscription to the feed.
 */
import type { Change, Procedures } from '../contract/index.ts';
import type { Grant } from './tickets.ts';

type Rooms = Omit<Procedures, 'feed' | 'access'>;

/** Implemented by the server itself: address, ports, sign-in links, sessions. */
export type AccessApi = {
  readonly [Name in keyof Procedures['access']]: (
    input: Parameters<Procedures['access'][Name]>[0],
    grant: Grant,
  ) => ReturnType<Procedures['access'][Name]>;
};

/**
 * Functions throw `Refusal` when a request is refused; anything else they throw is a bug and is
 * logged.
 */
export interface EngineApi extends Rooms {
  readonly feed: {
    snapshot: Procedures['feed']['snapshot'];
    /**
     * Calls the listener with every change after revision `since`, in order, past ones first.
     * Returns a function that unsubscribes. Throws `Refusal` if `since` is older than the stored
     * changes.
     */
    subscribe(since: number, listener: (change: Change) => void): () => void;
  };
}

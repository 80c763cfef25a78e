/** What the server needs from an engine: one function for every procedure of the contract, plus the feed by subscription. */
import type { Change, Procedures } from '../contract/index.ts';

type Rooms = Omit<Procedures, 'feed' | 'access'>;

/** What the doors themselves answer: how they are reached. */
export type AccessDoor = Procedures['access'];

/** Functions throw `Refusal` for an expected no; anything else they throw is a bug and is logged. */
export interface EngineDoor extends Rooms {
  readonly feed: {
    snapshot: Procedures['feed']['snapshot'];
    /**
     * Every change after revision `since`, in order, those that already happened first; the answer ends it. Throws `Refusal`
     * when `since` is older than what is kept.
     */
    subscribe(since: number, listener: (change: Change) => void): () => void;
  };
}

/**
 * A snapshot, then changes: how every client keeps its copy of the rooms true. Pure; the connection, the waits and
 * the display are the caller's.
 */
import type { Change, Rooms, Snapshot } from './feed.ts';

/** The two calls of the contract that it needs. */
export interface FeedCalls {
  snapshot(): Promise<Snapshot>;
  changes(input: { readonly since: number }): Promise<AsyncIterable<Change>>;
}

export interface SnapshotListener {
  /** A new copy replaces everything that was known. */
  onSnapshot(rooms: Rooms): void;
  /** `rooms` already holds the change. */
  onChange(rooms: Rooms, change: Change): void;
}

/** Whether a change follows what is known; a hole means that something was missed. */
export function follows(known: number, change: Pick<Change, 'revision'>): boolean {
  return change.revision === known + 1;
}

/** The rooms with a change over them; a room that the change leaves out, or has as undefined, stays. */
export function applyChange(rooms: Rooms, change: Pick<Change, 'rooms'>): Rooms {
  const changed = Object.entries(change.rooms).filter(([, room]) => room !== undefined);
  return changed.length === 0 ? rooms : { ...rooms, ...(Object.fromEntries(changed) as Rooms) };
}

export interface SnapshotOptions {
  readonly calls: FeedCalls;
  readonly listener: SnapshotListener;
  /** false ends the following after the change at hand. */
  readonly isOpen?: () => boolean;
  /** Whether an error of `changes` only means that the engine no longer knows this revision. Default: never. */
  readonly isStale?: (error: unknown) => boolean;
  /** A short wait before each snapshot but the first: an engine that ends every stream isn't called in a tight loop. */
  readonly pause: () => Promise<void>;
}

/**
 * Follows until the connection ends: after a hole in the revisions, the end of a stream or a stale revision it takes a
 * new snapshot. Resolves when `isOpen` says no; throws what the calls throw.
 */
export async function followRooms(options: SnapshotOptions): Promise<void> {
  const { calls, listener } = options;
  const isOpen = options.isOpen ?? (() => true);
  for (let isFirst = true; isOpen(); isFirst = false) {
    if (!isFirst) await options.pause();
    if (!isOpen()) return;
    const snapshot = await calls.snapshot();
    let { revision, rooms } = snapshot;
    if (!isOpen()) return;
    listener.onSnapshot(rooms);
    try {
      for await (const change of await calls.changes({ since: revision })) {
        if (!isOpen()) return;
        if (!follows(revision, change)) break;
        revision = change.revision;
        rooms = applyChange(rooms, change);
        listener.onChange(rooms, change);
      }
    } catch (error) {
      if (options.isStale?.(error) !== true) throw error;
    }
  }
}

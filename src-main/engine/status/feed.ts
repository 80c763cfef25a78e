/**
 * Snapshot, then changes: one revision counter, at most 4 changes per second and room, the last
 * 1000 (or 8 MB) kept for clients that reconnect.
 */
import {
  type Change,
  type MetricsNews,
  Refusal,
  type RoomName,
  type Rooms,
  type Snapshot,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';

const MAX_KEPT_CHANGES = 1000;
/** Characters of JSON: a list of 2,000 datasets is a change of a megabyte. */
const MAX_KEPT_SIZE = 8_000_000;
const FLUSH_SECONDS = 0.25;
/** A part is read again after this many times the time that reading it took. */
const REST_FACTOR = 20;

export type RoomReaders = { readonly [K in RoomName]: () => Rooms[K] };

export interface Feed {
  /** The state of this room may have changed; it is compared and sent with the next flush. */
  touch(room: RoomName): void;
  news(news: MetricsNews): void;
  snapshot(): Snapshot;
  /**
   * Changes after `since`, the past ones first. Refusal NOT_READY when `since` is too old or from
   * another engine.
   */
  subscribe(since: number, listener: (change: Change) => void): () => void;
  /** Sends pending changes now. */
  flush(): void;
  close(): void;
}

/** What is compared: the time of a reading alone is no change. */
function comparable(room: RoomName, value: unknown): string {
  return JSON.stringify(value, (key, entry: unknown) =>
    (key === 'updated_at' && room === 'status') || (key === 't' && room === 'machine')
      ? undefined
      : entry,
  );
}

function merge(a: MetricsNews | null, b: MetricsNews): MetricsNews {
  if (a === null || b.reset || a.branch !== b.branch) return b;
  return {
    branch: b.branch,
    reset: a.reset,
    points: [...a.points, ...b.points],
    evaluations: [...a.evaluations, ...b.evaluations],
    markers: [...a.markers, ...b.markers],
  };
}

/** A room's emitter, and the parts of the snapshot that its changes can affect. */
export type FeedSource = readonly [
  source: { on(listener: () => void): () => void },
  rooms: readonly RoomName[],
];

/** Touches the feed for every change of the sources. Returns a function that stops it. */
export function touchFrom(feed: Pick<Feed, 'touch'>, sources: readonly FeedSource[]): () => void {
  const stops = sources.map(([source, rooms]) =>
    source.on(() => {
      for (const room of rooms) feed.touch(room);
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}

export function createFeed(options: {
  readonly clock: Clock;
  readonly readers: RoomReaders;
  readonly failed: (where: string, error: unknown) => void;
}): Feed {
  const names = Object.keys(options.readers) as RoomName[];
  const dirty = new Set<RoomName>(names);
  const sent = new Map<RoomName, string>();
  const changes: { readonly change: Change; readonly size: number }[] = [];
  let keptSize = 0;
  /** Monotonic seconds before which a part that takes long to read isn't read again. */
  const notBefore = new Map<RoomName, number>();
  const listeners = new Set<(change: Change) => void>();
  let metrics: MetricsNews | null = null;
  // Higher than any revision of an earlier engine, so that its clients take a new snapshot.
  let revision = Math.floor(options.clock.now()) * 10;

  /** Changes that a client may still ask for. Each holds whole parts, so their size is limited. */
  function keep(change: Change, size: number): void {
    changes.push({ change, size });
    keptSize += size;
    while (changes.length > MAX_KEPT_CHANGES || (keptSize > MAX_KEPT_SIZE && changes.length > 1))
      keptSize -= changes.shift()?.size ?? 0;
  }

  function flush(isForced = true): void {
    if (dirty.size === 0 && metrics === null) return;
    const rooms: Partial<Record<RoomName, unknown>> = {};
    let count = 0;
    let size = 0;
    for (const name of [...dirty]) {
      const began = options.clock.monotonic();
      if (!isForced && began < (notBefore.get(name) ?? 0)) continue;
      dirty.delete(name);
      const value = options.readers[name]();
      const text = comparable(name, value);
      const now = options.clock.monotonic();
      notBefore.set(name, now + (now - began) * REST_FACTOR);
      if (sent.get(name) === text) continue;
      sent.set(name, text);
      rooms[name] = value;
      count += 1;
      size += text.length;
    }
    const news = metrics;
    metrics = null;
    if (count === 0 && news === null) return;
    revision += 1;
    const change: Change = { revision, rooms: rooms as Partial<Rooms>, metrics: news };
    keep(change, size);
    for (const listener of [...listeners])
      try {
        listener(change);
      } catch (error) {
        options.failed('feed.listener', error);
      }
  }

  const stop = options.clock.every(FLUSH_SECONDS, () => {
    flush(false);
  });
  return {
    touch: (room) => dirty.add(room),
    news(news) {
      metrics = merge(metrics, news);
    },
    snapshot() {
      flush();
      const rooms = {} as Record<RoomName, unknown>;
      for (const name of names) rooms[name] = options.readers[name]();
      return { revision, rooms: rooms as Rooms };
    },
    subscribe(since, listener) {
      const oldest = changes[0]?.change.revision ?? revision + 1;
      if (since > revision || since < oldest - 1)
        throw new Refusal(
          'NOT_READY',
          `The changes after revision ${since} are no longer available.`,
          {
            next: 'Take a new snapshot.',
          },
        );
      for (const { change } of changes) if (change.revision > since) listener(change);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    flush: () => {
      flush();
    },
    close() {
      stop();
      listeners.clear();
    },
  };
}

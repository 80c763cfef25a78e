import { expect, test } from 'vitest';
import type { Change, Rooms, Snapshot } from '../../src-main/contract/index.ts';
import {
  applyChange,
  type FeedCalls,
  follows,
  followRooms,
} from '../../src-main/contract/snapshot-client.ts';

/** Only two of the rooms matter here. */
const roomsWith = (machine: number, queue = 0): Rooms => ({ machine, queue }) as unknown as Rooms;
const change = (revision: number, rooms: object = {}): Change =>
  ({ revision, rooms, metrics: null }) as Change;

/** An engine that answers each snapshot with the next of `scenes`, and ends its stream as the scene says. */
function engine(
  scenes: readonly {
    readonly snapshot: Snapshot;
    readonly changes: readonly Change[];
    readonly error?: Error;
  }[],
) {
  const since: number[] = [];
  let at = -1;
  const calls: FeedCalls = {
    snapshot() {
      at += 1;
      const scene = scenes[at];
      return scene === undefined
        ? Promise.reject(new Error('the connection is closed'))
        : Promise.resolve(scene.snapshot);
    },
    changes(input) {
      since.push(input.since);
      const scene = scenes[at]!;
      async function* stream(): AsyncGenerator<Change> {
        yield* scene.changes;
        if (scene.error !== undefined) throw scene.error;
      }
      return Promise.resolve(stream());
    },
  };
  return { calls, since };
}

async function follow(
  calls: FeedCalls,
  more: { isOpen?: () => boolean; isStale?: (error: unknown) => boolean } = {},
): Promise<{ log: unknown[]; error: string }> {
  const log: unknown[] = [];
  const error = await followRooms({
    calls,
    pause: () => {
      log.push('pause');
      return Promise.resolve();
    },
    listener: {
      onSnapshot: (rooms) => log.push(['snapshot', rooms.machine, rooms.queue]),
      onChange: (rooms, { revision }) => log.push([revision, rooms.machine, rooms.queue]),
    },
    ...more,
  }).then(
    () => '',
    (thrown: unknown) => (thrown as Error).message,
  );
  return { log, error };
}

test('changes are applied over the snapshot, one revision after the other', async () => {
  const { calls, since } = engine([
    {
      snapshot: { revision: 7, rooms: roomsWith(1) },
      changes: [change(8, { machine: 2 }), change(9), change(10, { queue: 5, machine: undefined })],
    },
  ]);
  const { log, error } = await follow(calls);
  expect(since).toEqual([7]);
  expect(log).toEqual([['snapshot', 1, 0], [8, 2, 0], [9, 2, 0], [10, 2, 5], 'pause']);
  expect(error).toBe('the connection is closed');
});

test('after a hole the copy is replaced by a new snapshot, and the change after the hole is not applied', async () => {
  const { calls, since } = engine([
    {
      snapshot: { revision: 1, rooms: roomsWith(1) },
      changes: [change(2, { machine: 2 }), change(4, { machine: 4 })],
    },
    { snapshot: { revision: 9, rooms: roomsWith(9) }, changes: [change(10, { machine: 10 })] },
  ]);
  const { log } = await follow(calls);
  expect(since).toEqual([1, 9]);
  expect(log).toEqual([
    ['snapshot', 1, 0],
    [2, 2, 0],
    'pause',
    ['snapshot', 9, 0],
    [10, 10, 0],
    'pause',
  ]);
});

test('an error that means a stale revision asks for a new snapshot; any other ends the following', async () => {
  const scenes = [
    {
      snapshot: { revision: 1, rooms: roomsWith(1) },
      changes: [],
      error: new Error('unknown revision'),
    },
    { snapshot: { revision: 2, rooms: roomsWith(2) }, changes: [], error: new Error('broken') },
  ];
  const isStale = (error: unknown): boolean => (error as Error).message === 'unknown revision';
  const first = await follow(engine(scenes).calls, { isStale });
  expect(first.log).toEqual([['snapshot', 1, 0], 'pause', ['snapshot', 2, 0]]);
  expect(first.error).toBe('broken');
  const second = await follow(engine(scenes).calls);
  expect(second.error).toBe('unknown revision');
});

test('once it is closed nothing more is told', async () => {
  let told = 0;
  const { calls } = engine([
    {
      snapshot: { revision: 1, rooms: roomsWith(1) },
      changes: [change(2), change(3), change(4)],
    },
  ]);
  const { log, error } = await follow(calls, { isOpen: () => (told += 1) < 5 });
  expect(error).toBe('');
  expect(log).toEqual([
    ['snapshot', 1, 0],
    [2, 1, 0],
  ]);
});

test('a change without rooms leaves the very same copy', () => {
  const rooms = roomsWith(1);
  expect(applyChange(rooms, change(2))).toBe(rooms);
  expect(follows(1, { revision: 2 })).toBe(true);
  expect(follows(1, { revision: 3 })).toBe(false);
  expect(follows(2, { revision: 2 })).toBe(false);
});

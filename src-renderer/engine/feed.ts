/** Keeps the mirror current: snapshot, then changes; reconnects with a new snapshot after a gap, an error or a close. */
import type { Change, MetricsNews, Rooms } from '../../src-main/contract/index.ts';
import { followRooms } from '../../src-main/contract/snapshot-client.ts';
import type { Host } from '../host/index.ts';
import { clientOver, closed, opened, type EngineClient } from './client.ts';
import { useEngine } from './store.ts';

type MetricsEvent =
  { readonly kind: 'reset' } | { readonly kind: 'news'; readonly news: MetricsNews };

const metricsListeners = new Set<(event: MetricsEvent) => void>();

/** New points of the live curves, or a reset after which curves must be fetched again. */
export function onMetrics(listener: (event: MetricsEvent) => void): () => void {
  metricsListeners.add(listener);
  return () => {
    metricsListeners.delete(listener);
  };
}

function emitMetrics(event: MetricsEvent): void {
  for (const listener of metricsListeners) listener(event);
}

/** The connection counts as lost after this long without a message. */
const LOST_MS = 3000;
/** Pings the engine after this long without a message. */
const ASK_AFTER_MS = 1500;
/** Closes an open connection that has been silent for this long. */
const GIVE_UP_MS = 10_000;
const SNAPSHOT_AGAIN_MS = 100;
const BACKOFF_MS = [200, 500, 1000, 2000, 4000] as const;

let current: { client: EngineClient; socket: WebSocket } | null = null;
let wake: () => void = () => undefined;

/** The client of the open connection. Throws an Error while there is none. */
export function engine(): EngineClient {
  if (current === null) throw new Error('Can’t reach the engine.');
  return current.client;
}

/** Skips the wait before the next connection attempt. */
export function tryNow(): void {
  wake();
}

function heard(): void {
  const now = Date.now();
  useEngine.setState({ heard: now, connection: 'live', nextTry: null });
}

function apply(rooms: Rooms, change: Change): void {
  const now = Date.now();
  useEngine.setState({
    rooms,
    ...(change.rooms.status === undefined ? {} : { statusHeard: now }),
  });
  if (change.metrics === null) return;
  if (change.metrics.reset) emitMetrics({ kind: 'reset' });
  else emitMetrics({ kind: 'news', news: change.metrics });
}

/** Applies changes until the connection ends. */
function mirror(client: EngineClient): Promise<void> {
  return followRooms({
    calls: client.feed,
    pause: () =>
      new Promise((resolve) => {
        setTimeout(resolve, SNAPSHOT_AGAIN_MS);
      }),
    listener: {
      onSnapshot(rooms) {
        useEngine.setState({ rooms, statusHeard: Date.now() });
        heard();
        emitMetrics({ kind: 'reset' });
      },
      onChange(rooms, change) {
        heard();
        apply(rooms, change);
      },
    },
  });
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** Pings a silent engine, reports a lost connection, and closes a dead one. */
function watch(): void {
  let asking = false;
  setInterval(() => {
    const state = useEngine.getState();
    if (state.rooms === null) return;
    const quiet = Date.now() - state.heard;
    if (current !== null && !asking && quiet > ASK_AFTER_MS) {
      asking = true;
      current.client.engine
        .facts()
        .then(heard, () => undefined)
        .finally(() => {
          asking = false;
        });
    }
    if (quiet > LOST_MS && state.connection !== 'lost') useEngine.setState({ connection: 'lost' });
    if (quiet > GIVE_UP_MS && current !== null) {
      asking = false;
      current.socket.close();
    }
  }, 500);
}

/** Runs as long as the page is open. */
export async function runFeed(host: Host): Promise<never> {
  host.onConnection(() => {
    if (current === null) wake();
    else current.socket.close();
  });
  addEventListener('online', tryNow);
  watch();
  for (let attempt = 0; ; attempt += 1) {
    try {
      const socket = await host.openSocket();
      await opened(socket);
      const client = clientOver(socket);
      current = { client, socket };
      const end = closed(socket);
      const mirrored = mirror(client).catch(() => undefined);
      await Promise.race([end, mirrored]);
      if (Date.now() - useEngine.getState().heard < LOST_MS) attempt = 0;
      socket.close();
    } catch {
      // No engine yet; retry after the delay below. The screen shows the state.
    }
    current = null;
    const pause = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? 4000;
    useEngine.setState({ nextTry: Date.now() + pause });
    await wait(pause);
  }
}

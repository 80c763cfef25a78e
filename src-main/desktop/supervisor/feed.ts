/**
 * A WebSocket connection to the engine: the typed client, and the rooms, kept current by a snapshot
 * and changes.
 */
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { Contract, Rooms } from '../../contract/index.ts';
import type { Address } from './engine-http.ts';

export type Client = ContractRouterClient<Contract>;

export interface Feed {
  readonly client: Client;
  close(): void;
}

export interface FeedListener {
  onRooms(rooms: Rooms): void;
  /** Called once, also if the connection was never established. */
  onClose(): void;
}

const CONNECT_TIMEOUT_MS = 3000;

export function openFeed({ port, token }: Address, listener: FeedListener): Feed {
  const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/ws`, {
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: CONNECT_TIMEOUT_MS,
  });
  socket.binaryType = 'arraybuffer';
  // The `ws` socket has everything the link uses (listeners, send, readyState); only the types
  // differ.
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket });
  const client: Client = createORPCClient(link);
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    socket.terminate();
    listener.onClose();
  };
  socket.on('error', close);
  socket.on('close', close);
  socket.on('open', () => {
    follow(client, listener, () => open).catch(close);
  });
  return {
    client,
    close: () => {
      open = false;
      socket.terminate();
    },
  };
}

/**
 * Runs until the connection ends. Takes a new snapshot after a gap in the revisions or if the
 * engine no longer has ours.
 */
async function follow(client: Client, listener: FeedListener, open: () => boolean): Promise<void> {
  while (open()) {
    const { revision, rooms: first } = await client.feed.snapshot();
    let [at, rooms] = [revision, first];
    listener.onRooms(rooms);
    try {
      for await (const change of await client.feed.changes({ since: at })) {
        if (!open()) return;
        if (change.revision !== at + 1) break;
        at = change.revision;
        if (Object.keys(change.rooms).length === 0) continue;
        rooms = { ...rooms, ...present(change.rooms) };
        listener.onRooms(rooms);
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'defined' in error && error.defined === true;

function present(rooms: { readonly [K in keyof Rooms]?: Rooms[K] | undefined }): Partial<Rooms> {
  return Object.fromEntries(Object.entries(rooms).filter(([, value]) => value !== undefined));
}

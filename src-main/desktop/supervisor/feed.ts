/** One WebSocket to the engine: the typed client, and the rooms kept up to date by snapshot and changes. */
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { Contract, Rooms } from '../../contract/index.ts';
import { followRooms } from '../../contract/snapshot-client.ts';
import type { Address } from './door.ts';

export type Client = ContractRouterClient<Contract>;

export interface Feed {
  readonly client: Client;
  close(): void;
}

export interface FeedListener {
  rooms(rooms: Rooms): void;
  /** Told once, also when the connection never came about. */
  closed(): void;
}

const OPEN_MS = 3000;
const SNAPSHOT_AGAIN_MS = 100;

export function openFeed({ port, token }: Address, listener: FeedListener): Feed {
  const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/ws`, {
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: OPEN_MS,
  });
  socket.binaryType = 'arraybuffer';
  // The socket of `ws` has what the link uses (listeners, send, readyState); their two types differ in what it does not use.
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket });
  const client: Client = createORPCClient(link);
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    socket.terminate();
    listener.closed();
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

/** Runs until the connection ends. */
function follow(client: Client, listener: FeedListener, isOpen: () => boolean): Promise<void> {
  return followRooms({
    calls: client.feed,
    isOpen,
    // An engine that no longer knows our revision refuses the changes.
    isStale: isRefusal,
    pause: () =>
      new Promise((resolve) => {
        setTimeout(resolve, SNAPSHOT_AGAIN_MS);
      }),
    listener: {
      onSnapshot: (rooms) => {
        listener.rooms(rooms);
      },
      onChange(rooms, change) {
        if (Object.keys(change.rooms).length > 0) listener.rooms(rooms);
      },
    },
  });
}

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'defined' in error && error.defined === true;

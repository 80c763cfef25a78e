/** WebSocket endpoint /ws: procedures of the contract, the feed and uploads. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { onError } from '@orpc/server';
import type { AnyRouter } from '@orpc/server';
import { RPCHandler } from '@orpc/server/ws';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { admit } from './admission.ts';
import type { AccessSettings } from './admission.ts';
import { requestFacts } from './http-server.ts';
import { toWireError } from './router.ts';

/** Upload chunks are 4 MiB, plus a small envelope. */
const MAX_MESSAGE_BYTES = 6 * 1024 * 1024;
/** A client that leaves more than this unread is disconnected: a whole snapshot has less. */
const MAX_BUFFERED_BYTES = 6 * 1024 * 1024;
/** Of all clients together; beyond it the one that leaves most unread is disconnected. */
const MAX_BUFFERED_IN_ALL = 12 * 1024 * 1024;
const PING_MS = 30_000;

export interface ContractSocketOptions {
  readonly router: AnyRouter;
  readonly settings: () => AccessSettings;
  readonly onBug: (error: unknown) => void;
}

export interface ContractSocketServer {
  /** Open pages of a session. */
  pagesOf(session: string): number;
  /** Closes the pages of a session that was revoked. */
  closeSession(session: string): void;
  close(): void;
}

export function createWebSocketServer(
  http: Server,
  options: ContractSocketOptions,
): ContractSocketServer {
  const handler = new RPCHandler(options.router, {
    clientInterceptors: [
      onError((error) => {
        throw toWireError(error, options.onBug);
      }),
    ],
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    // Browsers require one of the offered subprotocols to be selected; never echo the ticket if
    // `nightshift` is offered.
    handleProtocols: (offered) =>
      offered.has('nightshift') ? 'nightshift' : ([...offered][0] ?? false),
  });
  const responsive = new WeakSet<WebSocket>();
  const sessionOf = new WeakMap<WebSocket, string>();
  const pagesOf = (session: string): readonly WebSocket[] =>
    [...sockets.clients].filter((client) => sessionOf.get(client) === session);

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const facts = requestFacts(request, true);
    const result = admit(facts, options.settings());
    if (facts.path !== '/ws') {
      rejectUpgrade(socket, 404, 'Not found');
      return;
    }
    if (!result.admitted) {
      rejectUpgrade(socket, result.status, result.message);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      responsive.add(client);
      if (result.session !== null) sessionOf.set(client, result.session);
      client.on('pong', () => responsive.add(client));
      client.on('error', () => {
        client.terminate();
      });
      void handler.upgrade(
        {
          addEventListener: client.addEventListener.bind(client),
          send: (...message: unknown[]) => {
            endSlowest(sockets.clients);
            if (client.bufferedAmount > MAX_BUFFERED_BYTES) client.terminate();
            else Reflect.apply(client.send.bind(client), undefined, message);
          },
        },
        { context: { session: result.session } },
      );
    });
  };
  http.on('upgrade', upgrade);

  const pings = setInterval(() => {
    for (const client of sockets.clients) {
      if (responsive.delete(client)) client.ping();
      else client.terminate();
    }
  }, PING_MS);
  pings.unref();

  return {
    pagesOf: (session) => pagesOf(session).length,
    closeSession(session) {
      // After the answer to the page that asked for it.
      setTimeout(() => {
        for (const client of pagesOf(session)) client.close(1008, 'signed out');
      }, 50).unref();
    },
    close() {
      clearInterval(pings);
      http.off('upgrade', upgrade);
      for (const client of sockets.clients) client.close(1001, 'engine exits');
      setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, 250).unref();
    },
  };
}

/** Clients that never read would otherwise hold a snapshot and the changes after it each. */
function endSlowest(clients: ReadonlySet<WebSocket>): void {
  let [sum, slowest]: [number, WebSocket | null] = [0, null];
  for (const client of clients) {
    sum += client.bufferedAmount;
    if (client.bufferedAmount > (slowest?.bufferedAmount ?? 0)) slowest = client;
  }
  if (sum > MAX_BUFFERED_IN_ALL) slowest?.terminate();
}

function rejectUpgrade(socket: Duplex, status: number, text: string): void {
  const phrase = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' }[status] ?? 'Refused';
  socket.end(
    `HTTP/1.1 ${String(status)} ${phrase}\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n` +
      `content-length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`,
  );
}

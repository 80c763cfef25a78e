/** WebSocket at /ws: the contract's procedures, the feed and uploads. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { onError } from '@orpc/server';
import type { AnyRouter } from '@orpc/server';
import { RPCHandler } from '@orpc/server/ws';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { admit } from './admission.ts';
import type { DoorSettings } from './admission.ts';
import { requestFacts } from './http-server.ts';
import { toWireError } from './router.ts';

/** An upload chunk is 4 MiB; the frame around it needs little. */
const MAX_MESSAGE = 6 * 1024 * 1024;
/** A reader that leaves this much unread is gone in all but name. */
const MAX_UNREAD = 64 * 1024 * 1024;
const PING_MS = 30_000;

export interface SocketDoorOptions {
  readonly router: AnyRouter;
  readonly settings: () => DoorSettings;
  readonly bug: (error: unknown) => void;
}

export interface SocketDoor {
  close(): void;
}

export function createSocketDoor(http: Server, options: SocketDoorOptions): SocketDoor {
  const handler = new RPCHandler(options.router, {
    clientInterceptors: [
      onError((error) => {
        throw toWireError(error, options.bug);
      }),
    ],
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    // A browser breaks off when none of its subprotocols is answered; the plain name is answered rather than the ticket.
    handleProtocols: (offered) =>
      offered.has('nightshift') ? 'nightshift' : ([...offered][0] ?? false),
  });
  const answering = new WeakSet<WebSocket>();

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const facts = requestFacts(request, true);
    const answer = admit(facts, options.settings());
    if (facts.path !== '/ws') {
      turnAway(socket, 404, 'There is nothing at this address.');
      return;
    }
    if (!answer.admitted) {
      turnAway(socket, answer.status, answer.message);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      answering.add(client);
      client.on('pong', () => answering.add(client));
      client.on('error', () => {
        client.terminate();
      });
      void handler.upgrade(
        {
          addEventListener: client.addEventListener.bind(client),
          send: (...message: unknown[]) => {
            if (client.bufferedAmount > MAX_UNREAD) client.terminate();
            else Reflect.apply(client.send.bind(client), undefined, message);
          },
        },
        { context: {} },
      );
    });
  };
  http.on('upgrade', upgrade);

  const pings = setInterval(() => {
    for (const client of sockets.clients) {
      if (answering.delete(client)) client.ping();
      else client.terminate();
    }
  }, PING_MS);
  pings.unref();

  return {
    close() {
      clearInterval(pings);
      http.off('upgrade', upgrade);
      for (const client of sockets.clients) client.close(1001, 'engine ends');
      setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, 250).unref();
    },
  };
}

function turnAway(socket: Duplex, status: number, text: string): void {
  const phrase = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' }[status] ?? 'Refused';
  socket.end(
    `HTTP/1.1 ${String(status)} ${phrase}\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n` +
      `content-length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`,
  );
}

/**
 * For: the engine's only way in for every client: WebSocket, REST, pages, on the loopback address.
 * Promises: nobody without a proof reads a text or changes anything; a refusal arrives as the contract's typed error.
 * Never: holds state of the training, decides anything about it, or answers a file outside the interface's folder.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AccessDoor, EngineDoor } from './engine-api.ts';
import { createHttpDoor } from './http-server.ts';
import { listenOn } from './listen.ts';
import { createMemoryDoor } from './memory-server.ts';
import { createRouter } from './router.ts';
import { createSocketDoor } from './websocket-server.ts';
import { createTickets } from './tickets.ts';

export type { EngineDoor } from './engine-api.ts';
export { createRouter } from './router.ts';
export { readOrMakeToken } from './token.ts';

export interface ServerOptions {
  /** The port that is asked for; the next free one is taken. 0: any. */
  readonly port: number;
  /** The port for memory alone; the next free one is taken. null, or left out: none. */
  readonly memoryPort?: number | null;
  readonly token: string;
  /** The built page, null when there is none. */
  readonly uiFolder: string | null;
  /** Whether the status numbers may be read without a token, asked each time. */
  readonly openStatus: () => boolean;
  /** Unix seconds. */
  readonly now: () => number;
  /** Told about every bug: an exception that is no refusal. The server goes on. */
  readonly bug: (error: unknown) => void;
}

export interface Server {
  /** The port that was taken. */
  readonly port: number;
  /** null: switched off, or no port was free. */
  readonly memoryPort: number | null;
  /** An address with a new one-time ticket, for a browser. */
  link(): string;
  close(): Promise<void>;
}

export async function createServer(engine: EngineDoor, options: ServerOptions): Promise<Server> {
  const tickets = createTickets(options.now);
  let port = options.port;
  let memoryPort: number | null = null;
  const address = (): string => `http://127.0.0.1:${String(port)}/`;
  const link = (): { link: string; expires: number } => {
    const { ticket, expires } = tickets.issue();
    return { link: `${address()}?ticket=${ticket}`, expires };
  };
  const access: AccessDoor = {
    get: () => ({
      address: address(),
      port,
      memory_port: memoryPort,
      open_status: options.openStatus(),
    }),
    link,
    token: () => ({ token: options.token }),
  };
  const router = createRouter({ ...engine, access }, options.bug);
  const answer = createHttpDoor({
    engine,
    router,
    token: options.token,
    uiFolder: options.uiFolder,
    openStatus: options.openStatus,
    tickets,
    port: () => port,
    bug: options.bug,
  });
  const http = createHttpServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      options.bug(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal error.\n');
    });
  });
  http.requestTimeout = 120_000;
  http.headersTimeout = 20_000;
  const sockets = createSocketDoor(http, {
    router,
    settings: () => ({ port, token: options.token, redeem: tickets.redeem }),
    bug: options.bug,
  });
  port = await listenOn(http, options.port);
  const memory = createMemoryDoor({
    engine,
    token: options.token,
    openStatus: options.openStatus,
    port: () => memoryPort ?? 0,
    bug: options.bug,
  });
  if (options.memoryPort != null)
    try {
      memoryPort = await listenOn(memory, options.memoryPort);
    } catch (error) {
      // The figures are at /api/memory_stats of the first port as well: nothing stops for a second one.
      options.bug(error);
    }
  return {
    port,
    memoryPort,
    link: () => link().link,
    close: () =>
      new Promise((resolve) => {
        sockets.close();
        memory.close();
        memory.closeAllConnections();
        http.close(() => {
          resolve();
        });
        http.closeIdleConnections();
        setTimeout(() => {
          http.closeAllConnections();
        }, 300).unref();
      }),
  };
}

/**
 * For: serving every client of the engine: WebSocket, REST and the page, on the loopback address.
 * Promises: without a credential no text can be read and nothing can be changed; refusals arrive as
 * typed errors of the contract.
 * Never: holds training state, makes decisions about training, or serves a file outside the folder
 * of the page.
 */
import { createServer as createHttpServer } from 'node:http';
import { createAccess } from './access.ts';
import type { EngineApi } from './engine-api.ts';
import { createHttpHandler } from './http-server.ts';
import { listenOn } from './listen.ts';
import { createMemoryServer } from './memory-server.ts';
import { createRouter } from './router.ts';
import { createWebSocketServer } from './websocket-server.ts';
import { openSessions } from './sessions.ts';
import { createTickets, type Grant } from './tickets.ts';

export type { EngineApi } from './engine-api.ts';
export { createRouter } from './router.ts';
export { readOrMakeToken } from './token.ts';

const MAX_CONNECTIONS = 256;

export interface ServerOptions {
  /** The preferred port; if it is taken, the next free one is used. 0: any. */
  readonly port: number;
  /**
   * Port of the memory statistics server; if it is taken, the next free one is used. null or
   * omitted: disabled.
   */
  readonly memoryPort?: number | null;
  readonly token: string;
  /** How a user can type `nightshift`; default: so. */
  readonly command?: string;
  /** Where signed-in browsers are kept; omitted: in memory only. */
  readonly sessionsFile?: string;
  /** Folder of the built page; null if there is none. */
  readonly uiFolder: string | null;
  /** Whether the status numbers can be read without a token; checked for every request. */
  readonly openStatus: () => boolean;
  /** Unix seconds. */
  readonly now: () => number;
  /** Called for every exception that is not a refusal. The server keeps running. */
  readonly onBug: (error: unknown) => void;
}

export interface Server {
  /** The port in use. */
  readonly port: number;
  /** null if disabled or no port was free. */
  readonly memoryPort: number | null;
  /** A one-time sign-in link for a browser. */
  link(): string;
  close(): Promise<void>;
}

export async function createServer(engine: EngineApi, options: ServerOptions): Promise<Server> {
  const tickets = createTickets(options.now);
  let port = options.port;
  let memoryPort: number | null = null;
  const address = (): string => `http://127.0.0.1:${String(port)}/`;
  const link = (grant: Grant): { link: string; expires: number } => {
    const { ticket, expires } = tickets.issue(grant);
    return { link: `${address()}?ticket=${ticket}`, expires };
  };
  const sessions = await openSessions({
    file: options.sessionsFile ?? null,
    token: options.token,
    now: options.now,
    onRevoked: (id) => {
      tickets.revoke(id);
      sockets.closeSession(id);
    },
    onBug: options.onBug,
  });
  const access = createAccess({
    token: options.token,
    command: options.command,
    sessions,
    link,
    state: () => ({
      address: address(),
      port,
      memory_port: memoryPort,
      open_status: options.openStatus(),
    }),
    pagesOf: (session) => sockets.pagesOf(session),
  });
  const router = createRouter({ ...engine, access }, options.onBug);
  const handle = createHttpHandler({
    engine,
    router,
    token: options.token,
    command: options.command,
    uiFolder: options.uiFolder,
    openStatus: options.openStatus,
    tickets,
    sessions,
    port: () => port,
    onBug: options.onBug,
  });
  const http = createHttpServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      options.onBug(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal error.\n');
    });
  });
  // Upgraded sockets count too. Beyond it the engine would run out of descriptors for its files.
  http.maxConnections = MAX_CONNECTIONS;
  http.requestTimeout = 120_000;
  http.headersTimeout = 20_000;
  const sockets = createWebSocketServer(http, {
    router,
    settings: () => ({
      port,
      token: options.token,
      command: options.command,
      redeem: tickets.redeem,
      session: sessions.verify,
    }),
    onBug: options.onBug,
  });
  port = await listenOn(http, options.port);
  const memory = createMemoryServer({
    engine,
    token: options.token,
    openStatus: options.openStatus,
    port: () => memoryPort ?? 0,
    onBug: options.onBug,
  });
  if (options.memoryPort != null)
    try {
      memoryPort = await listenOn(memory, options.memoryPort);
    } catch (error) {
      // Not fatal: the statistics are also at /api/memory_stats of the main port.
      options.onBug(error);
    }
  return {
    port,
    memoryPort,
    link: () => link({ session: null }).link,
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

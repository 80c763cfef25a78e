/**
 * Serves only memory statistics on a second port, for scripts that read `:8081/api/memory_stats`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { admit, checkHostAndOrigin } from './admission.ts';
import { refuse, sendJson } from './responses.ts';
import type { EngineApi } from './engine-api.ts';
import { securityHeaders } from './headers.ts';
import { requestFacts } from './http-server.ts';
import { memoryRoutes } from './public-status.ts';

const MAX_CONNECTIONS = 64;

export interface MemoryServerOptions {
  readonly engine: EngineApi;
  readonly token: string;
  readonly openStatus: () => boolean;
  readonly port: () => number;
  readonly onBug: (error: unknown) => void;
}

export function createMemoryServer(options: MemoryServerOptions): Server {
  const server = createServer((request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      options.onBug(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal error.\n');
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = 20_000;
  return server;
}

async function handle(
  { engine, token, openStatus, port }: MemoryServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(securityHeaders(port())))
    response.setHeader(name, value);
  const facts = requestFacts(request, false);
  const violation = checkHostAndOrigin(facts, port());
  if (violation !== null && !violation.admitted) {
    refuse(response, violation);
    return;
  }
  if (facts.method !== 'GET' && facts.method !== 'HEAD') {
    sendJson(response, 405, { message: 'Method not allowed: this endpoint is read-only' });
    return;
  }
  const route = memoryRoutes.get(facts.path);
  if (route === undefined) {
    sendJson(response, 404, {
      message: `Not found: ${facts.path}. This port only serves /api/memory_stats.`,
    });
    return;
  }
  const admission = admit(facts, { port: port(), token, redeem: () => null, session: () => null });
  if (!admission.admitted && !(admission.status === 401 && openStatus())) {
    refuse(response, admission);
    return;
  }
  sendJson(response, 200, await route(engine, admission.admitted));
}

/** The second port: memory figures alone, read only, on loopback, for scripts that know `:8081/api/memory_stats`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { admit, admitWithoutProof } from './admission.ts';
import { refuse, sendJson } from './responses.ts';
import type { EngineDoor } from './engine-api.ts';
import { securityHeaders } from './headers.ts';
import { requestFacts } from './http-server.ts';
import { memoryAnswers } from './public-status.ts';

export interface MemoryDoorOptions {
  readonly engine: EngineDoor;
  readonly token: string;
  readonly openStatus: () => boolean;
  readonly port: () => number;
  readonly bug: (error: unknown) => void;
}

export function createMemoryDoor(options: MemoryDoorOptions): Server {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      options.bug(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal error.\n');
    });
  });
  server.requestTimeout = 20_000;
  return server;
}

async function answer(
  { engine, token, openStatus, port }: MemoryDoorOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(securityHeaders(port())))
    response.setHeader(name, value);
  const facts = requestFacts(request, false);
  const outside = admitWithoutProof(facts, port());
  if (outside !== null && !outside.admitted) {
    refuse(response, outside);
    return;
  }
  if (facts.method !== 'GET' && facts.method !== 'HEAD') {
    sendJson(response, 405, { message: 'This port is only read.' });
    return;
  }
  const read = memoryAnswers.get(facts.path);
  if (read === undefined) {
    sendJson(response, 404, {
      message: `There is nothing at ${facts.path}; /api/memory_stats is here.`,
    });
    return;
  }
  const admission = admit(facts, { port: port(), token, redeem: () => false });
  if (!admission.admitted && !(admission.status === 401 && openStatus())) {
    refuse(response, admission);
    return;
  }
  sendJson(response, 200, await read(engine, admission.admitted));
}

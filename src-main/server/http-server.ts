/** HTTP: open status, one-time link, tickets, REST, pages. Every answer carries the security headers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OpenAPIHandler } from '@orpc/openapi/node';
import { BodyLimitPlugin } from '@orpc/server/node';
import type { AnyRouter } from '@orpc/server';
import { onError } from '@orpc/server';
import { admit, admitWithoutProof, cookieName, cookieValue } from './admission.ts';
import type { Admission, RequestFacts } from './admission.ts';
import { refuse, sendJson, sendText } from './responses.ts';
import type { EngineDoor } from './engine-api.ts';
import { securityHeaders } from './headers.ts';
import { openApi } from './openapi.ts';
import { openAnswers } from './public-status.ts';
import { toWireError } from './router.ts';
import { confinedFile, sendFile } from './static-files.ts';
import type { Tickets } from './tickets.ts';

const MAX_BODY = 8 * 1024 * 1024;
/** Pages of the system before this one, still in bookmarks. */
const oldPages = new Set([
  '/live_monitor_ui_v2.html',
  '/live_monitor_ui.html',
  '/test_display.html',
]);
const COOKIE_SECONDS = 30 * 24 * 3600;

export interface HttpDoorOptions {
  readonly engine: EngineDoor;
  readonly router: AnyRouter;
  readonly token: string;
  readonly uiFolder: string | null;
  readonly openStatus: () => boolean;
  readonly tickets: Tickets;
  readonly port: () => number;
  readonly bug: (error: unknown) => void;
}

export function requestFacts(request: IncomingMessage, upgrade: boolean): RequestFacts {
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  return {
    method: request.method ?? 'GET',
    path: (request.url ?? '/').split('?')[0] ?? '/',
    host: request.headers.host,
    origin: request.headers.origin,
    authorization: request.headers.authorization,
    cookie: request.headers.cookie,
    upgrade,
    protocols: offered
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  };
}

export function createHttpDoor(
  options: HttpDoorOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const rest = new OpenAPIHandler(options.router, {
    plugins: [new BodyLimitPlugin({ maxBodySize: MAX_BODY })],
    clientInterceptors: [
      onError((error) => {
        throw toWireError(error, options.bug);
      }),
    ],
  });

  return async (request, response) => {
    const port = options.port();
    for (const [name, value] of Object.entries(securityHeaders(port)))
      response.setHeader(name, value);
    const facts = requestFacts(request, false);
    const outside = admitWithoutProof(facts, port);
    if (outside !== null && !outside.admitted) {
      refuse(response, outside);
      return;
    }
    const settings = { port, token: options.token, redeem: options.tickets.redeem };
    const admission = (): Admission => admit(facts, settings);
    const reads = facts.method === 'GET' || facts.method === 'HEAD';

    const open = openAnswers.get(facts.path);
    if (open !== undefined) {
      if (!reads) {
        sendJson(response, 405, { message: 'This address is only read.' });
        return;
      }
      const answer = admission();
      if (!answer.admitted && !(answer.status === 401 && options.openStatus())) {
        refuse(response, answer);
        return;
      }
      sendJson(response, 200, await open(options.engine, answer.admitted));
      return;
    }
    if (facts.path === '/api/tickets' && facts.method === 'POST') {
      const answer = admission();
      if (answer.admitted) sendJson(response, 200, { ...options.tickets.issue(), port });
      else refuse(response, answer);
      return;
    }
    if (facts.path.startsWith('/api/')) {
      const answer = admission();
      if (!answer.admitted) {
        refuse(response, answer);
        return;
      }
      if (facts.path === '/api/openapi.json' && reads) {
        const { version } = await options.engine.engine.facts(undefined);
        sendJson(response, 200, await openApi(version));
        return;
      }
      const { matched } = await rest.handle(request, response, { prefix: '/api', context: {} });
      if (!matched) sendJson(response, 404, { message: `There is nothing at ${facts.path}.` });
      return;
    }
    if (!reads) {
      sendJson(response, 405, { message: 'This address is only read.' });
      return;
    }
    if (oldPages.has(facts.path)) {
      response.writeHead(302, { location: '/', 'cache-control': 'no-store' });
      response.end();
      return;
    }
    await sendPage(options, facts, request, response, admission);
  };
}

/** The page; `/?ticket=...` signs the browser in and forgets the ticket from the address. */
async function sendPage(
  options: HttpDoorOptions,
  facts: RequestFacts,
  request: IncomingMessage,
  response: ServerResponse,
  admission: () => Admission,
): Promise<void> {
  const port = options.port();
  if (facts.path === '/') {
    const ticket = new URL(request.url ?? '/', 'http://engine').searchParams.get('ticket');
    if (ticket !== null && options.tickets.redeem(ticket)) {
      const cookie = `${cookieName(port)}=${cookieValue(options.token)}`;
      response.writeHead(303, {
        location: '/',
        'set-cookie': `${cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${String(COOKIE_SECONDS)}`,
        'cache-control': 'no-store',
      });
      response.end();
      return;
    }
    if (!admission().admitted) {
      const why =
        ticket === null
          ? 'This browser is not signed in to Nightshift.'
          : 'This link was used before, or it is older than 5 minutes.';
      sendText(
        response,
        401,
        `${why}\n\nA new link is printed by:\n\n    nightshift token\n\nIt works once and for 5 minutes; the browser then stays signed in.\n`,
      );
      return;
    }
  }
  const path = facts.path === '/' ? '/index.html' : facts.path;
  const file = options.uiFolder === null ? null : await confinedFile(options.uiFolder, path);
  if (file === null) {
    sendText(
      response,
      404,
      facts.path === '/' ? 'The interface is not built.\n' : `There is nothing at ${facts.path}.\n`,
    );
    return;
  }
  await sendFile(response, file, facts.method === 'HEAD');
}

/**
 * Handles HTTP requests: public status, sign-in link, tickets, REST, pages. Every response has the
 * security headers.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OpenAPIHandler } from '@orpc/openapi/node';
import { BodyLimitPlugin } from '@orpc/server/node';
import type { AnyRouter } from '@orpc/server';
import { onError } from '@orpc/server';
import { asTyped, COMMAND_NAME } from '../contract/index.ts';
import { admit, checkHostAndOrigin, cookieName, PAGE_HEADER, readCookie } from './admission.ts';
import type { Admission, RequestFacts } from './admission.ts';
import { refuse, sendJson, sendText } from './responses.ts';
import type { EngineApi } from './engine-api.ts';
import { securityHeaders } from './headers.ts';
import { openApi } from './openapi.ts';
import { publicRoutes } from './public-status.ts';
import { SESSION_SECONDS, type Sessions } from './sessions.ts';
import { toWireError } from './router.ts';
import { confinedFile, sendFile } from './static-files.ts';
import type { Tickets } from './tickets.ts';

const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Page paths of the predecessor, still bookmarked. */
const legacyPages = new Set([
  '/live_monitor_ui_v2.html',
  '/live_monitor_ui.html',
  '/test_display.html',
]);

export interface HttpHandlerOptions {
  readonly engine: EngineApi;
  readonly router: AnyRouter;
  readonly token: string;
  readonly command?: string | undefined;
  readonly uiFolder: string | null;
  readonly openStatus: () => boolean;
  readonly tickets: Tickets;
  readonly sessions: Sessions;
  readonly port: () => number;
  readonly onBug: (error: unknown) => void;
}

export function requestFacts(request: IncomingMessage, upgrade: boolean): RequestFacts {
  const protocols = request.headers['sec-websocket-protocol'] ?? '';
  return {
    method: request.method ?? 'GET',
    path: (request.url ?? '/').split('?')[0] ?? '/',
    host: request.headers.host,
    origin: request.headers.origin,
    authorization: request.headers.authorization,
    cookie: request.headers.cookie,
    pageKey: [request.headers[PAGE_HEADER] ?? []].flat()[0],
    upgrade,
    protocols: protocols
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  };
}

export function createHttpHandler(
  options: HttpHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const rest = new OpenAPIHandler(options.router, {
    plugins: [new BodyLimitPlugin({ maxBodySize: MAX_BODY_BYTES })],
    clientInterceptors: [
      onError((error) => {
        throw toWireError(error, options.onBug);
      }),
    ],
  });

  return async (request, response) => {
    const port = options.port();
    for (const [name, value] of Object.entries(securityHeaders(port)))
      response.setHeader(name, value);
    const facts = requestFacts(request, false);
    const violation = checkHostAndOrigin(facts, port);
    if (violation !== null && !violation.admitted) {
      refuse(response, violation);
      return;
    }
    const { tickets, sessions } = options;
    const settings = {
      port,
      token: options.token,
      command: options.command,
      redeem: tickets.redeem,
      session: sessions.verify,
    };
    const admission = (): Admission => admit(facts, settings);
    const isRead = facts.method === 'GET' || facts.method === 'HEAD';

    const publicRoute = publicRoutes.get(facts.path);
    if (publicRoute !== undefined) {
      if (!isRead) {
        sendJson(response, 405, { message: 'Method not allowed: this endpoint is read-only' });
        return;
      }
      const result = admission();
      if (!result.admitted && !(result.status === 401 && options.openStatus())) {
        refuse(response, result);
        return;
      }
      sendJson(response, 200, await publicRoute(options.engine, result.admitted));
      return;
    }
    if (facts.path === '/api/tickets' && facts.method === 'POST') {
      const result = admission();
      if (result.admitted)
        sendJson(response, 200, { ...tickets.issue({ session: result.session }), port });
      else refuse(response, result);
      return;
    }
    if (facts.path.startsWith('/api/')) {
      const result = admission();
      if (!result.admitted) {
        refuse(response, result);
        return;
      }
      if (facts.path === '/api/openapi.json' && isRead) {
        const { version } = await options.engine.engine.facts(undefined);
        sendJson(response, 200, await openApi(version));
        return;
      }
      const { matched } = await rest.handle(request, response, {
        prefix: '/api',
        context: { session: result.session },
      });
      if (!matched) sendJson(response, 404, { message: `Not found: ${facts.path}` });
      return;
    }
    if (!isRead) {
      sendJson(response, 405, { message: 'Method not allowed: this endpoint is read-only' });
      return;
    }
    if (legacyPages.has(facts.path)) {
      response.writeHead(302, { location: '/', 'cache-control': 'no-store' });
      response.end();
      return;
    }
    await sendPage(options, facts, request, response, admission);
  };
}

/**
 * Serves the page. `/?ticket=...` signs the browser in: the cookie is set, and the key of the page is
 * in the fragment of the address, which no browser sends to any server. HEAD uses up no link.
 */
async function sendPage(
  options: HttpHandlerOptions,
  facts: RequestFacts,
  request: IncomingMessage,
  response: ServerResponse,
  admission: () => Admission,
): Promise<void> {
  const port = options.port();
  if (facts.path === '/') {
    const query = new URL(request.url ?? '/', 'http://engine').searchParams;
    const ticket = query.get('ticket');
    const known = readCookie(facts.cookie, cookieName(port));
    if (ticket !== null && facts.method === 'GET' && options.tickets.redeem(ticket) !== null) {
      const browser = request.headers['user-agent'] ?? 'unknown browser';
      const { cookie, key } = await options.sessions.signIn(known, browser);
      response.writeHead(303, {
        location: `/#page-key=${key}`,
        'set-cookie': `${cookieName(port)}=${cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${String(SESSION_SECONDS)}`,
        'cache-control': 'no-store',
      });
      response.end();
      return;
    }
    // The page itself holds no secret; what it then asks for needs its key too.
    const isSignedIn = options.sessions.find(known) !== null || admission().admitted;
    if (!isSignedIn || query.has('signed-out')) {
      const reason =
        ticket === null
          ? 'This browser is not signed in to Nightshift.'
          : 'This link was already used or has expired.';
      sendText(
        response,
        401,
        `${reason}\n\nTo get a new link, run:\n\n    ${asTyped('nightshift token', options.command ?? COMMAND_NAME)}\n\nA link works once, within 5 minutes; the browser then stays signed in.\n`,
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
      facts.path === '/'
        ? 'The web interface is not built. Run: npm run build\n'
        : `Not found: ${facts.path}\n`,
    );
    return;
  }
  await sendFile(response, file, facts.method === 'HEAD');
}

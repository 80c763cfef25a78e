/**
 * Who may come in, decided from the request's facts alone. The rules: a known Host on every request (DNS rebinding), no foreign
 * Origin on an upgrade or on anything that changes state, and a proof: cookie, bearer token or one-time ticket.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface RequestFacts {
  readonly method: string;
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  readonly upgrade: boolean;
  /** The offered WebSocket subprotocols. */
  readonly protocols: readonly string[];
}

export interface DoorSettings {
  readonly port: number;
  readonly token: string;
  /** Uses up a one-time ticket; false when it is unknown, used or too old. */
  readonly redeem: (ticket: string) => boolean;
}

export type Proof = 'cookie' | 'bearer' | 'ticket';
export type Admission =
  | { readonly admitted: true; readonly proof: Proof }
  | {
      readonly admitted: false;
      readonly status: 401 | 403;
      readonly message: string;
      readonly next: string;
    };

/** The page of the desktop application. */
export const DESKTOP_ORIGIN = 'app://nightshift';
export const TICKET_PROTOCOL = 'nightshift.ticket.';

const hostNames = ['127.0.0.1', 'localhost', '[::1]'];

export const cookieName = (port: number): string => `nightshift_${String(port)}`;

/** The cookie is derived from the token, so that a browser stays signed in when the engine restarts, and cannot give it away. */
export function cookieValue(token: string): string {
  return createHmac('sha256', token).update('browser').digest('base64url');
}

function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

export function isKnownHost(host: string | undefined, port: number): boolean {
  return host !== undefined && hostNames.some((name) => host === `${name}:${String(port)}`);
}

export function isKnownOrigin(origin: string, port: number): boolean {
  return (
    origin === DESKTOP_ORIGIN ||
    hostNames.some((name) => origin === `http://${name}:${String(port)}`)
  );
}

function readCookie(header: string | undefined, name: string): string | null {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}

const refused = (status: 401 | 403, message: string, next: string): Admission => ({
  admitted: false,
  status,
  message,
  next,
});

/** Host and Origin alone: what holds for pages and files too, which need no proof. */
export function admitWithoutProof(request: RequestFacts, port: number): Admission | null {
  if (!isKnownHost(request.host, port))
    return refused(
      403,
      `The Host ${request.host ?? '(none)'} is not this engine.`,
      `Use the address http://127.0.0.1:${String(port)}/.`,
    );
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  if (
    (request.upgrade || changes) &&
    request.origin !== undefined &&
    !isKnownOrigin(request.origin, port)
  )
    return refused(
      403,
      `The Origin ${request.origin} may not talk to this engine.`,
      'Open the interface of the engine itself.',
    );
  return null;
}

export function admit(request: RequestFacts, settings: DoorSettings): Admission {
  const outside = admitWithoutProof(request, settings.port);
  if (outside !== null) return outside;

  const bearer = /^Bearer (\S+)$/.exec(request.authorization ?? '')?.[1];
  if (bearer !== undefined)
    return equal(bearer, settings.token)
      ? { admitted: true, proof: 'bearer' }
      : refused(401, 'The token is not the token of this workspace.', 'Run: nightshift token');

  const ticket = request.protocols.find((name) => name.startsWith(TICKET_PROTOCOL));
  if (request.upgrade && ticket !== undefined)
    return settings.redeem(ticket.slice(TICKET_PROTOCOL.length))
      ? { admitted: true, proof: 'ticket' }
      : refused(401, 'The ticket is unknown, used or older than 5 minutes.', 'Get a new one.');

  const cookie = readCookie(request.cookie, cookieName(settings.port));
  if (cookie !== null && equal(cookie, cookieValue(settings.token))) {
    // A browser names the Origin of every upgrade and of every change; without one the cookie proves nothing about the page.
    const changes = request.method !== 'GET' && request.method !== 'HEAD';
    if ((request.upgrade || changes) && request.origin === undefined)
      return refused(403, 'The request names no Origin.', 'Use the token: nightshift token');
    return { admitted: true, proof: 'cookie' };
  }
  return refused(
    401,
    'This needs the token of the workspace.',
    'Run: nightshift token. It prints a link for a browser and the token for scripts.',
  );
}

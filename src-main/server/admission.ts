/**
 * Decides whether a request is allowed. Every request needs a known Host (against DNS rebinding).
 * Upgrades and requests that change state must not come from a foreign Origin. Then a credential is
 * required: bearer token, one-time ticket, or cookie and page key together.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { asTyped, COMMAND_NAME } from '../contract/index.ts';
import type { Grant } from './tickets.ts';

export interface RequestFacts {
  readonly method: string;
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  /** The header `x-nightshift-page`. */
  readonly pageKey: string | undefined;
  readonly upgrade: boolean;
  /** The offered WebSocket subprotocols. */
  readonly protocols: readonly string[];
}

export interface AccessSettings {
  readonly port: number;
  readonly token: string;
  /** Redeems a one-time ticket; null if it is unknown, used or expired. */
  readonly redeem: (ticket: string) => Grant | null;
  /** The id of the session that both halves belong to. */
  readonly session: (cookie: string | null, key: string | null) => string | null;
  /** How a user can type `nightshift`; default: so. */
  readonly command?: string | undefined;
}

export type Credential = 'cookie' | 'bearer' | 'ticket';
export type Admission =
  | (Grant & { readonly admitted: true; readonly credential: Credential })
  | {
      readonly admitted: false;
      readonly status: 401 | 403;
      readonly message: string;
      readonly next: string;
    };

/** The page of the desktop application. */
export const DESKTOP_ORIGIN = 'app://nightshift';
export const TICKET_PROTOCOL = 'nightshift.ticket.';
/** The page key of an upgrade, for which a page can set no header. */
export const PAGE_PROTOCOL = 'nightshift.page.';
export const PAGE_HEADER = 'x-nightshift-page';

const HOST_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

export const cookieName = (port: number): string => `nightshift_${String(port)}`;

function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

export function isKnownHost(host: string | undefined, port: number): boolean {
  return host !== undefined && HOST_NAMES.some((name) => host === `${name}:${String(port)}`);
}

export function isKnownOrigin(origin: string, port: number): boolean {
  return (
    origin === DESKTOP_ORIGIN ||
    HOST_NAMES.some((name) => origin === `http://${name}:${String(port)}`)
  );
}

export function readCookie(header: string | undefined, name: string): string | null {
  for (const part of (header ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return null;
}

const refused = (status: 401 | 403, message: string, next: string): Admission => ({
  admitted: false,
  status,
  message,
  next,
});

/**
 * Checks Host and Origin only; null if both are fine. Applies to pages and files too, which need no
 * credential.
 */
export function checkHostAndOrigin(request: RequestFacts, port: number): Admission | null {
  if (!isKnownHost(request.host, port))
    return refused(
      403,
      `Unknown Host: ${request.host ?? '(none)'}`,
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
      `Requests from the Origin ${request.origin} are not allowed.`,
      `Use the interface at http://127.0.0.1:${String(port)}/.`,
    );
  return null;
}

export function admit(request: RequestFacts, settings: AccessSettings): Admission {
  const typed = (text: string): string => asTyped(text, settings.command ?? COMMAND_NAME);
  const violation = checkHostAndOrigin(request, settings.port);
  if (violation !== null) return violation;

  const bearer = /^Bearer (\S+)$/.exec(request.authorization ?? '')?.[1];
  if (bearer !== undefined)
    return isEqual(bearer, settings.token)
      ? { admitted: true, credential: 'bearer', session: null }
      : refused(401, 'The token does not match this workspace.', typed('Run: nightshift token'));

  const ticket = request.protocols.find((name) => name.startsWith(TICKET_PROTOCOL));
  if (request.upgrade && ticket !== undefined) {
    const grant = settings.redeem(ticket.slice(TICKET_PROTOCOL.length));
    return grant !== null
      ? { admitted: true, credential: 'ticket', session: grant.session }
      : refused(401, 'The ticket is invalid, used or expired.', 'Request a new ticket.');
  }

  const cookie = readCookie(request.cookie, cookieName(settings.port));
  const offered = request.protocols.find((name) => name.startsWith(PAGE_PROTOCOL));
  const key = (request.upgrade ? offered?.slice(PAGE_PROTOCOL.length) : request.pageKey) ?? null;
  const session = settings.session(cookie, key);
  if (session !== null) {
    // Browsers send the Origin with every upgrade and change. Without it, the cookie could be sent
    // by any page.
    const changes = request.method !== 'GET' && request.method !== 'HEAD';
    if ((request.upgrade || changes) && request.origin === undefined)
      return refused(
        403,
        'The Origin header is missing.',
        typed('Use the token: nightshift token'),
      );
    return { admitted: true, credential: 'cookie', session };
  }
  return refused(
    401,
    'Not signed in.',
    typed(
      'Run: nightshift token. It prints a sign-in link for a browser and the token for scripts.',
    ),
  );
}

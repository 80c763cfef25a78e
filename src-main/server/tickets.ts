/**
 * One-time tickets, valid for five minutes, each for one browser or one WebSocket. Stored in memory
 * only. A ticket grants no more than the one who asked for it has.
 */
import { randomBytes } from 'node:crypto';

const LIFETIME_SECONDS = 300;
/** Limit for clients that keep requesting tickets; the oldest ticket is dropped. */
const MAX_OPEN = 200;

export interface Grant {
  /** The browser session that asked for the ticket; null: whoever has the token. */
  readonly session: string | null;
}

export interface Tickets {
  readonly issue: (grant: Grant) => { readonly ticket: string; readonly expires: number };
  /** Once for each ticket that has not expired; else null. */
  readonly redeem: (ticket: string) => Grant | null;
  /** Those that a session asked for end with it. */
  readonly revoke: (session: string) => void;
}

export function createTickets(now: () => number): Tickets {
  const open = new Map<string, Grant & { readonly expires: number }>();
  return {
    issue({ session }) {
      for (const [ticket, { expires }] of open) if (expires < now()) open.delete(ticket);
      const oldest = open.keys().next();
      if (open.size >= MAX_OPEN && oldest.done !== true) open.delete(oldest.value);
      const ticket = randomBytes(24).toString('base64url');
      const expires = now() + LIFETIME_SECONDS;
      open.set(ticket, { session, expires });
      return { ticket, expires };
    },
    redeem(ticket) {
      const found = open.get(ticket);
      open.delete(ticket);
      return found !== undefined && found.expires >= now() ? { session: found.session } : null;
    },
    revoke(session) {
      for (const [ticket, grant] of open) if (grant.session === session) open.delete(ticket);
    },
  };
}

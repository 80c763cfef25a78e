/**
 * One-time tickets, valid for five minutes, each for one browser or one WebSocket. Stored in memory
 * only.
 */
import { randomBytes } from 'node:crypto';

const LIFETIME_SECONDS = 300;
/** Limit for clients that keep requesting tickets; the oldest ticket is dropped. */
const MAX_OPEN = 200;

export interface Tickets {
  readonly issue: () => { readonly ticket: string; readonly expires: number };
  /** True once for each ticket that has not expired. */
  readonly redeem: (ticket: string) => boolean;
}

export function createTickets(now: () => number): Tickets {
  const open = new Map<string, number>();
  return {
    issue() {
      for (const [ticket, expires] of open) if (expires < now()) open.delete(ticket);
      const oldest = open.keys().next();
      if (open.size >= MAX_OPEN && oldest.done !== true) open.delete(oldest.value);
      const ticket = randomBytes(24).toString('base64url');
      const expires = now() + LIFETIME_SECONDS;
      open.set(ticket, expires);
      return { ticket, expires };
    },
    redeem(ticket) {
      const expires = open.get(ticket);
      open.delete(ticket);
      return expires !== undefined && expires >= now();
    },
  };
}

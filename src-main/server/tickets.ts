/** One-time tickets: each admits one browser or one WebSocket within five minutes. Kept in memory only. */
import { randomBytes } from 'node:crypto';

const LIFETIME_SECONDS = 300;
/** A bound against a script that asks for ever; the oldest goes first. */
const KEPT = 200;

export interface Tickets {
  readonly issue: () => { readonly ticket: string; readonly expires: number };
  /** True once for each ticket that is young enough. */
  readonly redeem: (ticket: string) => boolean;
}

export function createTickets(now: () => number): Tickets {
  const open = new Map<string, number>();
  return {
    issue() {
      for (const [ticket, expires] of open) if (expires < now()) open.delete(ticket);
      const oldest = open.keys().next();
      if (open.size >= KEPT && oldest.done !== true) open.delete(oldest.value);
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

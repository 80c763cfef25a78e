/** The engine's HTTP door, as far as the supervisor needs it. */
import { z } from 'zod';
import type { Handshake, Probe } from './decide.ts';

export interface Address {
  readonly port: number;
  readonly token: string;
}

/** Loose: an older or newer engine may say more or less about itself. */
const facts = z.looseObject({ contract: z.int(), build: z.string(), pid: z.int() });
const ticket = z.object({ ticket: z.string().min(1) });

const PROBE_MS = 1500;

export async function probe(address: Address): Promise<Probe> {
  try {
    const answer = await call(address, 'GET', '/api/engine', PROBE_MS);
    const parsed = facts.safeParse(answer);
    if (!parsed.success) return { kind: 'silent' };
    const { contract, build, pid } = parsed.data;
    const handshake: Handshake = { contract, build, pid };
    return { kind: 'answered', handshake };
  } catch {
    return { kind: 'silent' };
  }
}

/** A ticket that admits one WebSocket of the page. Throws when the engine does not answer. */
export async function oneTicket(address: Address): Promise<string> {
  return ticket.parse(await call(address, 'POST', '/api/tickets', 5000)).ticket;
}

/** Asks the engine to end; works across contracts. Throws when it does not answer. */
export async function leave(address: Address): Promise<void> {
  await call(address, 'POST', '/api/engine/leave', 5000);
}

async function call(
  { port, token }: Address,
  method: string,
  path: string,
  timeoutMs: number,
): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      // A connection that is kept would be tried first on the next engine at the same port.
      connection: 'close',
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
    },
    ...(method === 'POST' ? { body: '{}' } : {}),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

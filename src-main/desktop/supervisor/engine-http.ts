/** The HTTP requests that the supervisor sends to the engine. */
import { z } from 'zod';
import type { Handshake, Probe } from './decide.ts';

export interface Address {
  readonly port: number;
  readonly token: string;
}

/** Loose, because an older or newer engine may send other fields. */
const handshakeResponse = z.looseObject({ contract: z.int(), build: z.string(), pid: z.int() });
const ticketResponse = z.object({ ticket: z.string().min(1) });

const PROBE_TIMEOUT_MS = 1500;

export async function probe(address: Address): Promise<Probe> {
  try {
    const answer = await call(address, 'GET', '/api/engine', PROBE_TIMEOUT_MS);
    const parsed = handshakeResponse.safeParse(answer);
    if (!parsed.success) return { kind: 'silent' };
    const { contract, build, pid } = parsed.data;
    const handshake: Handshake = { contract, build, pid };
    return { kind: 'answered', handshake };
  } catch {
    return { kind: 'silent' };
  }
}

/** A one-time ticket for a WebSocket of the page. Throws if the engine does not respond. */
export async function requestTicket(address: Address): Promise<string> {
  return ticketResponse.parse(await call(address, 'POST', '/api/tickets', 5000)).ticket;
}

/** Asks the engine to exit; works across contract versions. Throws if it does not respond. */
export async function requestExit(address: Address): Promise<void> {
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
      // A kept-alive connection would be reused for the next engine on the same port.
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

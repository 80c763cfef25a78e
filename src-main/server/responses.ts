/** Sends JSON, text and refusals, with Content-Length and without caching. */
import type { ServerResponse } from 'node:http';
import type { Admission } from './admission.ts';

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, 'text/plain; charset=utf-8', text);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

/** Sends a refusal in the format of the contract's typed errors. */
export function refuse(response: ServerResponse, admission: Admission): void {
  if (admission.admitted) return;
  sendJson(response, admission.status, {
    defined: true,
    code: admission.status === 401 ? 'UNAUTHORIZED' : 'READ_ONLY',
    status: admission.status,
    message: admission.message,
    data: { subject: null, next: admission.next, facts: {} },
  });
}

/** How the doors answer: JSON, text, refusal, each with its length and never kept by a cache. */
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

/** The same shape as a typed error of the contract, so that one reader understands both. */
export function refuse(response: ServerResponse, answer: Admission): void {
  if (answer.admitted) return;
  sendJson(response, answer.status, {
    defined: true,
    code: answer.status === 401 ? 'UNAUTHORIZED' : 'READ_ONLY',
    status: answer.status,
    message: answer.message,
    data: { subject: null, next: answer.next, facts: {} },
  });
}

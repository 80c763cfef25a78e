/** The typed client over one WebSocket. */
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '../../src-main/contract/index.ts';

export type EngineClient = ContractRouterClient<Contract>;

export function clientOver(socket: WebSocket): EngineClient {
  return createORPCClient(new RPCLink({ websocket: socket }));
}

/** Resolves when the socket is open, rejects when it closes before that. */
export function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState === WebSocket.OPEN) {
      resolve();
      return;
    }
    socket.addEventListener('open', () => {
      resolve();
    });
    socket.addEventListener('close', () => {
      reject(new Error('connection refused'));
    });
  });
}

export function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState >= WebSocket.CLOSING) resolve();
    else
      socket.addEventListener('close', () => {
        resolve();
      });
  });
}

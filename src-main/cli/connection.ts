/** Finds the engine of a workspace through its lock file and connects to it over WebSocket. */
import { readFile } from 'node:fs/promises';
import { createORPCClient, ORPCError } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import { CONTRACT_VERSION, type Contract } from '../contract/index.ts';
import { engineLock, readLiveHolder } from '../formats/index.ts';
import { NoEngine, type Session } from './session.ts';

export type EngineClient = ContractRouterClient<Contract>;

export interface Connection {
  readonly client: EngineClient;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the connection ends. */
  readonly closed: Promise<void>;
  readonly isOpen: () => boolean;
  close(): void;
}

const CONNECT_MS = 5000;

/**
 * The live engine of the workspace, or null. Checked by pid and start time, because pids are
 * reused.
 */
export async function engineOf(session: Session): Promise<{
  readonly pid: number;
  readonly port: number | null;
  readonly contract: number;
} | null> {
  const holder = await readLiveHolder(session.paths.engineLock, engineLock);
  if (holder === null) return null;
  const { pid, port, contract = CONTRACT_VERSION } = holder;
  return { pid, port, contract };
}

export async function readToken(session: Session): Promise<string | null> {
  try {
    return (await readFile(session.paths.token, 'utf8')).trim();
  } catch {
    return null;
  }
}

/** Throws NoEngine when no engine responds, Error when its contract version differs. */
export async function connect(session: Session): Promise<Connection> {
  const engine = await engineOf(session);
  if (engine === null) throw new NoEngine(session.workspace);
  if (engine.port === null)
    throw new NoEngine(session.workspace, 'The engine of this workspace is still starting');
  if (engine.contract !== CONTRACT_VERSION)
    throw new Error(
      `The engine (pid ${String(engine.pid)}) uses contract version ${String(engine.contract)}, this command uses ${String(CONTRACT_VERSION)}. ` +
        'Restart the engine; training is not affected.',
    );
  const token = await readToken(session);
  const socket = new WebSocket(`ws://127.0.0.1:${String(engine.port)}/ws`, {
    headers: { authorization: `Bearer ${token ?? ''}` },
    handshakeTimeout: CONNECT_MS,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, response) => {
      reject(
        new Error(
          response.statusCode === 401
            ? `The engine rejected the token in ${session.paths.token}.`
            : `The engine responded with HTTP ${String(response.statusCode)}.`,
        ),
      );
    });
    socket.once('error', (error) => {
      reject(
        new NoEngine(
          session.workspace,
          `The engine is not responding (${error.message.slice(0, 80)})`,
        ),
      );
    });
  });
  socket.on('error', () => undefined);
  let isOpen = true;
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isOpen = false;
      resolve();
    });
  });
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket });
  return {
    client: createORPCClient(link),
    port: engine.port,
    pid: engine.pid,
    closed,
    isOpen: () => isOpen,
    close: () => {
      socket.close();
    },
  };
}

/** Calls `callback` with a connection and closes it afterwards. */
export async function withEngine<T>(
  session: Session,
  callback: (client: EngineClient, connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(session);
  try {
    return await callback(connection.client, connection);
  } catch (error) {
    // The RPC library's error for a dropped connection means nothing to a user.
    if (connection.isOpen() || error instanceof ORPCError) throw error;
    throw new NoEngine(session.workspace, 'The engine exited before it responded');
  } finally {
    connection.close();
  }
}

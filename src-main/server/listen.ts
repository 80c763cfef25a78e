/** Listens on the requested port of the loopback address, or the next free one. */
import type { Server } from 'node:http';

const MAX_ATTEMPTS = 100;

function tryPort(server: Server, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening);
      resolve(error);
    };
    const onListening = (): void => {
      server.off('error', onError);
      resolve(null);
    };
    server.once('error', onError);
    server.once('listening', onListening);
    server.listen({ host: '127.0.0.1', port, exclusive: true });
  });
}

/** Resolves to the port in use. `port` 0: any. Throws if none of the next hundred ports is free. */
export async function listenOn(server: Server, port: number): Promise<number> {
  for (let offset = 0; offset < MAX_ATTEMPTS; offset++) {
    const candidate = port === 0 ? 0 : port + offset;
    if (candidate > 65535) break;
    const error = await tryPort(server, candidate);
    if (error === null) {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : candidate;
    }
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
  }
  throw new Error(`no free port from ${String(port)} on 127.0.0.1`);
}

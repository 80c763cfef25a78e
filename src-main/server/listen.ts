/** Takes the asked port on the loopback address, or the next free one. */
import type { Server } from 'node:http';

const TRIES = 100;

function tryPort(server: Server, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.off('listening', listening);
      resolve(error);
    };
    const listening = (): void => {
      server.off('error', failed);
      resolve(null);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen({ host: '127.0.0.1', port, exclusive: true });
  });
}

/** Answers the port that was taken. `port` 0: any. Throws when none of the next hundred is free. */
export async function listenOn(server: Server, port: number): Promise<number> {
  for (let offset = 0; offset < TRIES; offset++) {
    const asked = port === 0 ? 0 : port + offset;
    if (asked > 65535) break;
    const error = await tryPort(server, asked);
    if (error === null) {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : asked;
    }
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
  }
  throw new Error(`no free port from ${String(port)} on 127.0.0.1`);
}

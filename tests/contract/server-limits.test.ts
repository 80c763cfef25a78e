/** Clients that only connect must not take the descriptors that the engine needs for its files. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startScriptedServer, type ScriptedServer } from './scripted-server.ts';

const MAX_CONNECTIONS = 256;
const UPGRADED = 40;

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer({ uiFolder: null });
});
afterAll(() => server.close());

test('issue 11, 6: 256 connections at most, upgraded ones counted; the others are closed at once', async () => {
  const authorization = `Bearer ${server.token}`;
  const upgraded = Array.from(
    { length: UPGRADED },
    () => new WebSocket(`ws://127.0.0.1:${server.port}/ws`, { headers: { authorization } }),
  );
  await Promise.all(upgraded.map((client) => once(client, 'open')));
  const closed = new Set<Socket>();
  const plain: Socket[] = [];
  for (let made = 0; made < MAX_CONNECTIONS + 20; made += 1) {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => closed.add(socket));
    plain.push(socket);
  }
  await expect.poll(() => closed.size).toBe(UPGRADED + 20);
  expect(upgraded.filter((client) => client.readyState === WebSocket.OPEN)).toHaveLength(UPGRADED);
  for (const socket of plain) socket.destroy();
  for (const client of upgraded) client.terminate();
  const answers = async (): Promise<number> =>
    fetch(`http://127.0.0.1:${server.port}/api/engine`, { headers: { authorization } }).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(answers).toBe(200);
});

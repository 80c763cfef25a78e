/**
 * The contract over WebSocket and REST: calls, defaults, typed refusals, invalid input, feed,
 * uploads.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isContractProcedure } from '@orpc/contract';
import { createORPCClient, isDefinedError, safe } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { contract, Refusal, type Contract } from '../../src-main/contract/index.ts';
import { createRouter } from '../../src-main/server/index.ts';
import { startScriptedServer, type ScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let socket: WebSocket;
let client: ContractRouterClient<Contract>;

beforeEach(async () => {
  server = await startScriptedServer({ uiFolder: null });
  socket = new WebSocket(`ws://127.0.0.1:${String(server.port)}/ws`, {
    headers: { authorization: `Bearer ${server.token}` },
  });
  await new Promise((resolve) => socket.once('open', resolve));
  client = createORPCClient(new RPCLink({ websocket: socket as unknown as globalThis.WebSocket }));
});
afterEach(async () => {
  socket.terminate();
  await server.close();
});

const rest = (path: string, method = 'GET', body?: unknown): Promise<Response> =>
  fetch(`http://127.0.0.1:${String(server.port)}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

test('a call gets its defaults and returns the state', async () => {
  const answer = await client.training.pause({});
  expect(answer).toMatchObject({ state: 'paused', acted: true });
  expect(server.engine.calls).toContainEqual({ path: 'training.pause', input: { by: 'you' } });
});

test('a refusal arrives as a typed error with its data and does not count as a bug', async () => {
  server.engine.refuseNext(
    'queue.add',
    new Refusal('DISK_FULL', '3 GB are free, 5 GB are needed.', { next: 'Free 2 GB.' }),
  );
  const { error } = await safe(client.queue.add({ paths: ['/a.jsonl'] }));
  expect(error).not.toBeNull();
  expect(error !== null && isDefinedError(error) && error.code).toBe('DISK_FULL');
  expect(error).toMatchObject({
    data: { next: 'Free 2 GB.' },
    message: '3 GB are free, 5 GB are needed.',
  });
  expect(server.bugs).toEqual([]);
});

test('a refusal over REST has its HTTP status and the same body', async () => {
  const answer = await rest('/config', 'POST', { key: 'batch_size', value: 8 });
  expect(answer.status).toBe(423);
  expect(await answer.json()).toMatchObject({
    defined: true,
    code: 'LOCKED',
    data: { subject: 'batch_size' },
  });
});

test('invalid input is refused as INVALID and names the field', async () => {
  const { error } = await safe(client.queue.add({ paths: [] }));
  expect(error).toMatchObject({ code: 'INVALID', data: { subject: 'paths' } });
  const overRest = await rest('/queue/add', 'POST', { paths: 'no list' });
  expect(overRest.status).toBe(400);
  expect(server.bugs).toEqual([]);
});

test('an exception in the engine is reported as a bug, hides its message, and the server keeps running', async () => {
  server.engine.refuseNext('health.run', new Error('a path /home/ada') as unknown as Refusal);
  const { error } = await safe(client.health.run());
  expect(error?.message).not.toContain('/home/ada');
  expect(server.bugs).toHaveLength(1);
  expect(await client.health.run()).toHaveLength(5);
});

test('streams every change after a snapshot in order', async () => {
  const { revision } = await client.feed.snapshot();
  for (let change = 0; change < 4; change++) server.engine.advance(1);
  const changes = await client.feed.changes({ since: revision });
  const reader = changes[Symbol.asyncIterator]();
  for (let change = 1; change <= 4; change++)
    expect((await reader.next()).value).toMatchObject({ revision: revision + change });
  server.engine.advance(3);
  const second = await reader.next();
  expect(second.value).toMatchObject({ revision: revision + 5 });
  expect(second.value).toMatchObject({ metrics: { points: [{}, {}, {}] } });
  await reader.return?.();
});

test('refuses a revision that is no longer stored', async () => {
  const { error } = await safe(
    client.feed.changes({ since: 999_999 }).then(async (changes) => {
      for await (const change of changes) return change;
      return null;
    }),
  );
  expect(error).toMatchObject({ code: 'NOT_READY', data: { next: 'Take a new snapshot.' } });
});

test('an upload in chunks can be resumed by its key and is added if its hash matches', async () => {
  const bytes = randomBytes(9 * 1024 * 1024);
  const size = 4 * 1024 * 1024;
  const opening = { name: 'big.jsonl', bytes: bytes.length, key: 'key-of-big' };
  const { upload } = await client.uploads.begin(opening);
  const first = new Blob([bytes.subarray(0, size)]);
  expect(await client.uploads.append({ upload, offset: 0, chunk: first })).toEqual({
    offset: size,
  });
  const resumed = await client.uploads.begin(opening);
  expect(resumed).toEqual({ upload, offset: size });
  for (let offset = size; offset < bytes.length; offset += size)
    await client.uploads.append({
      upload,
      offset,
      chunk: new Blob([bytes.subarray(offset, offset + size)]),
    });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(await client.uploads.finish({ upload, sha256 })).toMatchObject({
    name: 'big.jsonl',
    bytes: bytes.length,
  });
});

test('REST parses numbers in query parameters', async () => {
  const answer = await rest('/datasets/d-sample/rows?from=6&limit=2');
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ total: 560, rows: [{ row: 6 }, { row: 7 }] });
});

test('REST serves the routes of the contract and nothing else', async () => {
  expect((await rest('/nothing')).status).toBe(404);
  for (const path of [
    '/engine',
    '/machine',
    '/gpu_stats',
    '/queue',
    '/datasets',
    '/versions',
    '/metrics',
    '/activity',
    '/config',
    '/journal',
    '/logs',
    '/health',
    '/setup',
  ])
    expect([path, (await rest(path)).status]).toEqual([path, 200]);
  expect(server.bugs).toEqual([]);
});

/** Every procedure that scripts can call, as `room.name`. */
function procedures(node: unknown, path = ''): readonly string[] {
  if (isContractProcedure(node)) return [path];
  return Object.entries(node as Record<string, unknown>)
    .filter(([name]) => path !== '' || !['feed', 'uploads'].includes(name))
    .flatMap(([name, child]) => procedures(child, path === '' ? name : `${path}.${name}`));
}

test('every procedure except feed and uploads has a route, and every route in docs/http.md exists', async () => {
  const document = (await (await rest('/openapi.json')).json()) as {
    paths: Record<string, Record<string, { operationId?: string }>>;
  };
  const routes = Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, facts]) => ({
      id: facts.operationId,
      route: `${verb.toUpperCase()} /api${path}`,
    })),
  );
  expect(routes.map((route) => route.id).sort()).toEqual([...procedures(contract)].sort());
  const text =
    readFileSync(join(import.meta.dirname, '../../docs/http.md'), 'utf8').split('## Routes')[1] ??
    '';
  const named = [...text.matchAll(/^\| `((?:GET|POST) \/api\/[^`]+)` \|/gm)].map(
    (match) => match[1],
  );
  expect(named.length).toBeGreaterThan(50);
  expect(routes.map((route) => route.route)).toEqual(expect.arrayContaining(named));
});

test('the OpenAPI document describes every REST route', async () => {
  const answer = await rest('/openapi.json');
  expect(answer.status).toBe(200);
  const document = (await answer.json()) as {
    openapi: string;
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  };
  expect(document.openapi).toMatch(/^3\./);
  const routes = Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.keys(verbs).map((verb) => `${verb} ${path}`),
  );
  expect(routes).toEqual(
    expect.arrayContaining([
      'get /status',
      'post /versions/{name}/delete',
      'get /datasets/{id}/rows',
    ]),
  );
  expect(routes.some((route) => /feed|uploads/.test(route))).toBe(false);
  // Every read without parameters that it names is there.
  for (const route of routes.filter((route) => route.startsWith('get ') && !route.includes('{')))
    expect([route, (await rest(route.slice(4))).status]).toEqual([route, 200]);
  expect(Object.keys(document.paths['/versions/{name}/delete']?.['post']?.responses ?? {})).toEqual(
    expect.arrayContaining(['200', '423', '428']),
  );
});

test('scripts and bookmarks for the predecessor still work', async () => {
  const at = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${String(server.port)}${path}`, { redirect: 'manual' });
  for (const path of ['/api/status', '/status/training_status.json']) {
    const { status } = server.engine.rooms();
    expect(await (await at(path)).json()).toMatchObject({
      status: status.state,
      loss: path.startsWith('/api') ? status.loss : status.loss?.value,
      step: status.current_step,
      total: status.total_steps,
      val_loss: status.validation_loss?.value,
      gap: status.val_train_gap?.value,
    });
  }
  for (const page of ['/live_monitor_ui_v2.html', '/live_monitor_ui.html', '/test_display.html']) {
    const answer = await at(page);
    expect([page, answer.status, answer.headers.get('location')]).toEqual([page, 302, '/']);
  }
});

test('a missing procedure is detected when the server is created', () => {
  const { versions: _left, ...rest } = server.engine.door;
  expect(() => createRouter(rest as Parameters<typeof createRouter>[0], () => undefined)).toThrow(
    'versions.list',
  );
});

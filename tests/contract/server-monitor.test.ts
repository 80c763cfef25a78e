/**
 * Endpoints for scripts: memory port, public status, sign-in link and token, diagnostics bundle.
 */
import { spawnSync } from 'node:child_process';
import { createServer as createNetServer } from 'node:net';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startScriptedServer, type ScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
beforeEach(async () => {
  server = await startScriptedServer({ uiFolder: null, memoryPort: 0 });
});
afterEach(async () => {
  await server.close();
});

const at = (port: number | null, path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${String(port)}${path}`, { redirect: 'manual', ...init });
const bearer = () => ({ headers: { authorization: `Bearer ${server.token}` } });

/** Uses node:http, because fetch sets its own Host header. */
const statusWithHost = (port: number, path: string, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, headers: { host } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on('error', reject);
    request.end();
  });

test('the memory port serves only memory statistics, only for GET and its own Host', async () => {
  const port = server.memoryPort ?? 0;
  expect(port).toBeGreaterThan(0);
  const answer = await at(port, '/api/memory_stats');
  expect(await answer.json()).toMatchObject({
    status: 'ok',
    host: { total_mb: 64_213 },
    trainer: { resident_mb: 2912 },
    engine: { resident_mb: 118 },
  });
  expect((await at(port, '/api/memory_stats', { method: 'POST' })).status).toBe(405);
  for (const path of ['/', '/api/status', '/api/queue', '/ws'])
    expect([path, (await at(port, path, bearer())).status]).toEqual([path, 404]);
  for (const host of ['evil.example', `127.0.0.1:${String(server.port)}`])
    expect(await statusWithHost(port, '/api/memory_stats', host)).toBe(403);
});

test('memory and GPU statistics require the token if the public status is disabled', async () => {
  const closed = await startScriptedServer({ uiFolder: null, openStatus: false, memoryPort: 0 });
  try {
    for (const [port, path] of [
      [closed.memoryPort, '/api/memory_stats'],
      [closed.port, '/api/memory_stats'],
      [closed.port, '/api/gpu_stats'],
      [closed.port, '/status/memory_stats.json'],
      [closed.port, '/status/monitoring_costs.json'],
    ] as const) {
      expect([path, (await at(port, path)).status]).toEqual([path, 401]);
      expect([path, (await at(port, path, bearer())).status]).toEqual([path, 200]);
    }
  } finally {
    await closed.close();
  }
});

test('the memory port can be disabled; a taken port is skipped', async () => {
  const without = await startScriptedServer({ uiFolder: null });
  expect(without.memoryPort).toBeNull();
  await without.close();
  const holder = createNetServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  const other = await startScriptedServer({ uiFolder: null, memoryPort: taken });
  expect(other.memoryPort).toBeGreaterThan(taken);
  await other.close();
  await new Promise((resolve) => holder.close(resolve));
});

test('the public status contains no texts, file names or folders', async () => {
  const { rooms } = server.engine;
  const names = rooms().datasets.flatMap((dataset) => [dataset.name, dataset.id]);
  const secrets = [...names, rooms().engine.workspace, rooms().status.last_preview?.prompt ?? '?'];
  for (const path of [
    '/api/status',
    '/status/training_status.json',
    '/api/machine',
    '/api/gpu_stats',
    '/api/memory_stats',
    '/status/memory_stats.json',
    '/status/monitoring_costs.json',
  ]) {
    const answer = await at(server.port, path);
    expect([path, answer.status]).toEqual([path, 200]);
    const text = await answer.text();
    for (const secret of secrets) expect(text.includes(secret), `${secret} in ${path}`).toBe(false);
  }
});

test('the curl and jq command for the predecessor still works', async () => {
  const line = `curl -s http://127.0.0.1:${String(server.port)}/status/training_status.json | jq -c '{step,total,loss,val_loss,gap}'`;
  const { status } = server.engine.rooms();
  const expected = {
    step: status.current_step,
    total: status.total_steps,
    loss: status.loss?.value ?? null,
    val_loss: status.validation_loss?.value ?? null,
    gap: status.val_train_gap?.value ?? null,
  };
  const hasTools = ['curl', 'jq'].every((tool) => spawnSync(tool, ['--version']).status === 0);
  if (hasTools) {
    // Not spawnSync, which would block the server in this process.
    const { execFile } = await import('node:child_process');
    const out = await new Promise<string>((resolve, reject) => {
      execFile('bash', ['-c', line], (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(new Error(error.message));
      });
    });
    expect(JSON.parse(out)).toEqual(expected);
  }
  const all = (await (await at(server.port, '/status/training_status.json')).json()) as Record<
    string,
    unknown
  >;
  expect(Object.fromEntries(Object.keys(expected).map((key) => [key, all[key]]))).toEqual(expected);
});

test('a link signs in one browser; the token requires a credential', async () => {
  const link = async (): Promise<string> => {
    const answer = await at(server.port, '/api/access/link', { method: 'POST', ...bearer() });
    return ((await answer.json()) as { link: string }).link;
  };
  const path = (await link()).replace(/^http:\/\/[^/]+/, '');
  expect((await at(server.port, path)).status).toBe(303);
  expect((await at(server.port, path)).status).toBe(401);
  expect((await at(server.port, '/api/access/link', { method: 'POST' })).status).toBe(401);
  expect((await at(server.port, '/api/access/token', { method: 'POST' })).status).toBe(401);
  const token = await at(server.port, '/api/access/token', { method: 'POST', ...bearer() });
  expect(await token.json()).toEqual({ token: server.token });
  const access = await at(server.port, '/api/access', bearer());
  expect(await access.json()).toEqual({
    address: `http://127.0.0.1:${String(server.port)}/`,
    port: server.port,
    memory_port: server.memoryPort,
    open_status: true,
    session: null,
  });
});

test('the diagnostics bundle is downloaded as a named file', async () => {
  const answer = await at(server.port, '/api/diagnostics/bundle?names=true', bearer());
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-disposition')).toContain('nightshift-diagnostics-');
  expect(await answer.text()).toBe('bundle, names true');
  expect((await at(server.port, '/api/diagnostics/bundle')).status).toBe(401);
});

/** Who comes in and who does not: Host, Origin, cookie, bearer token, ticket, one-time link, open status, files. */
import { mkdtemp, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { fromScriptStatus } from '../../src-main/contract/index.ts';
import { admit } from '../../src-main/server/admission.ts';
import { contentSecurityPolicy } from '../../src-main/server/headers.ts';
import { createTickets } from '../../src-main/server/tickets.ts';
import { readOrMakeToken } from '../../src-main/server/token.ts';
import { startScriptedServer, type ScriptedServer } from './scripted-server.ts';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/** fetch cannot name its own Host, so this goes one floor down. The path goes out as it is, dots and all. */
function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** 'open' or the HTTP status with which the upgrade was turned away. */
function upgrade(
  port: number,
  headers: Record<string, string>,
  protocols: string[] = [],
): Promise<'open' | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/ws`, protocols, { headers });
    socket.on('open', () => {
      socket.terminate();
      resolve('open');
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    socket.on('error', reject);
  });
}

let folder: string;
let server: ScriptedServer;
const bearer = () => ({ authorization: `Bearer ${server.token}` });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nightshift-server-'));
  const ui = join(folder, 'ui');
  await mkdir(join(ui, 'assets'), { recursive: true });
  await writeFile(join(ui, 'index.html'), '<!doctype html><title>Nightshift</title>');
  await writeFile(join(ui, 'assets', 'index-abcdefgh.js'), 'export {};');
  await writeFile(join(ui, '.hidden'), 'hidden');
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await symlink(join(folder, 'secret.txt'), join(ui, 'link.txt'));
  server = await startScriptedServer({ uiFolder: ui });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Signs in by the one-time link; answers the cookie. */
async function signIn(): Promise<string> {
  const path = server.link().replace(/^http:\/\/[^/]+/, '');
  const answer = await ask(server.port, path);
  expect(answer.status).toBe(303);
  expect(answer.headers.location).toBe('/');
  const cookie = answer.headers['set-cookie']?.[0] ?? '';
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
  return cookie.split(';')[0] ?? '';
}

describe('Host', () => {
  test('a foreign Host is refused on pages, status, REST and upgrades', async () => {
    for (const host of ['evil.example', `evil.example:${String(server.port)}`, '127.0.0.1:1']) {
      for (const path of ['/', '/api/status', '/status/training_status.json', '/api/queue'])
        expect((await ask(server.port, path, { host, ...bearer() })).status).toBe(403);
      expect(await upgrade(server.port, { host, ...bearer() })).toBe(403);
    }
  });
  test('the three loopback names are accepted', async () => {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const host = `${name}:${String(server.port)}`;
      expect((await ask(server.port, '/api/status', { host })).status).toBe(200);
    }
  });
});

describe('Origin', () => {
  test('a foreign Origin is refused on an upgrade and on a change, whatever the proof', async () => {
    const cookie = await signIn();
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', 'app://other']) {
      for (const proof of [bearer(), { cookie }]) {
        expect(await upgrade(server.port, { origin, ...proof })).toBe(403);
        const answer = await ask(
          server.port,
          '/api/training/pause',
          { origin, ...proof },
          'POST',
          '{}',
        );
        expect(answer.status).toBe(403);
      }
    }
    expect(server.engine.calls.filter((call) => call.path === 'training.pause')).toEqual([]);
  });
  test('the own page and the desktop page are accepted', async () => {
    const cookie = await signIn();
    const own = `http://127.0.0.1:${String(server.port)}`;
    expect(await upgrade(server.port, { origin: own, cookie })).toBe('open');
    expect(await upgrade(server.port, { origin: 'app://nightshift', ...bearer() })).toBe('open');
  });
  test('a cookie without an Origin opens no socket and changes nothing; a token does', async () => {
    const cookie = await signIn();
    expect(await upgrade(server.port, { cookie })).toBe(403);
    expect((await ask(server.port, '/api/training/pause', { cookie }, 'POST', '{}')).status).toBe(
      403,
    );
    expect(await upgrade(server.port, bearer())).toBe('open');
  });
  test('no answer permits another origin', async () => {
    const answer = await ask(server.port, '/api/status', { origin: 'http://evil.example' });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual(
      [],
    );
  });
});

describe('proof', () => {
  test('without one there is no REST and no socket', async () => {
    for (const path of [
      '/api/queue',
      '/api/datasets',
      '/api/config',
      '/api/journal',
      '/api/previews',
    ])
      expect((await ask(server.port, path)).status).toBe(401);
    expect(await upgrade(server.port, {})).toBe(401);
    const refused = JSON.parse((await ask(server.port, '/api/queue')).text) as { code: string };
    expect(refused.code).toBe('UNAUTHORIZED');
  });
  test('a wrong token or cookie is refused', async () => {
    expect((await ask(server.port, '/api/queue', { authorization: 'Bearer nothing' })).status).toBe(
      401,
    );
    const cookie = `nightshift_${String(server.port)}=nothing`;
    expect((await ask(server.port, '/api/queue', { cookie })).status).toBe(401);
  });
  test('a one-time link works once', async () => {
    const path = server.link().replace(/^http:\/\/[^/]+/, '');
    expect((await ask(server.port, path)).status).toBe(303);
    const again = await ask(server.port, path);
    expect(again.status).toBe(401);
    expect(again.text).toContain('used before');
  });
  test('the page needs a sign-in and is served after it', async () => {
    expect((await ask(server.port, '/')).status).toBe(401);
    const page = await ask(server.port, '/', { cookie: await signIn() });
    expect(page.status).toBe(200);
    expect(page.text).toContain('<title>Nightshift</title>');
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
  });
  test('a ticket opens one socket, and the token buys tickets', async () => {
    const answer = await ask(server.port, '/api/tickets', bearer(), 'POST');
    const { ticket } = JSON.parse(answer.text) as { ticket: string };
    const protocols = ['nightshift', `nightshift.ticket.${ticket}`];
    const origin = { origin: 'app://nightshift' };
    expect(await upgrade(server.port, origin, protocols)).toBe('open');
    expect(await upgrade(server.port, origin, protocols)).toBe(401);
    expect((await ask(server.port, '/api/tickets', {}, 'POST')).status).toBe(401);
  });
  test('a ticket is too old after five minutes', () => {
    let now = 1000;
    const tickets = createTickets(() => now);
    const { ticket, expires } = tickets.issue();
    expect(expires).toBe(1300);
    now = 1301;
    expect(tickets.redeem(ticket)).toBe(false);
  });
  test('a ticket is no proof outside an upgrade', () => {
    const facts = {
      method: 'GET',
      path: '/api/queue',
      host: '127.0.0.1:8080',
      origin: undefined,
      authorization: undefined,
      cookie: undefined,
      protocols: ['nightshift.ticket.x'],
    };
    const settings = { port: 8080, token: 't', redeem: () => true };
    expect(admit({ ...facts, upgrade: false }, settings).admitted).toBe(false);
    expect(admit({ ...facts, upgrade: true }, settings).admitted).toBe(true);
  });
});

describe('open status', () => {
  const paths = ['/api/status', '/status/training_status.json'];

  test('numbers are readable without a token; prompts, answers and names are not in them', async () => {
    const full = server.engine.rooms().status;
    const texts = [
      full.current_dataset?.name,
      full.current_dataset?.id,
      full.last_preview?.prompt,
      full.last_preview?.expected === '28' ? undefined : full.last_preview?.expected,
      full.model,
      'gsm8k',
      'pens',
    ].filter((text) => text !== undefined && text !== null);
    expect(texts.length).toBeGreaterThan(4);
    for (const path of paths) {
      const answer = await ask(server.port, path);
      expect(answer.status).toBe(200);
      const status = fromScriptStatus(JSON.parse(answer.text));
      if (status === null) throw new Error(`${path} answers no status`);
      expect(status.current_step).toBe(full.current_step);
      expect(status.queue).toEqual(full.queue);
      for (const text of texts) expect(answer.text).not.toContain(text);
      const whole = await ask(server.port, path, bearer());
      expect(whole.text).toContain(full.current_dataset?.name);
    }
  });
  test('an error of the trainer keeps its kind and loses its text', async () => {
    const failed = await startScriptedServer({ scene: 'failed', uiFolder: null });
    const answer = await ask(failed.port, '/api/status');
    expect(answer.text).toContain('out_of_memory');
    expect(answer.text).not.toContain('micro batch 1');
    await failed.close();
  });
  test('it can be switched off', async () => {
    const closed = await startScriptedServer({ openStatus: false, uiFolder: null });
    for (const path of [...paths, '/api/machine'])
      expect((await ask(closed.port, path)).status).toBe(401);
    await closed.close();
  });
});

describe('files', () => {
  test('nothing outside the folder is answered', async () => {
    for (const path of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/..%5csecret.txt',
      '/link.txt',
      '/.hidden',
      '/%00',
      '/%zz',
      '/assets',
    ]) {
      const answer = await ask(server.port, path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.text).not.toContain('secret\n');
    }
  });
  test('an asset is answered with its type and kept by the browser', async () => {
    const answer = await ask(server.port, '/assets/index-abcdefgh.js');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(answer.headers['cache-control']).toContain('immutable');
  });
  test('the policy allows no inline script and no eval', () => {
    const scripts = /script-src ([^;]*)/.exec(contentSecurityPolicy(8080))?.[1];
    expect(scripts).toBe("'self'");
  });
});

test('a body over the limit is refused', async () => {
  const body = JSON.stringify({ paths: ['x'.repeat(9 * 1024 * 1024)] });
  const headers = { ...bearer(), 'content-type': 'application/json' };
  const answer = await ask(server.port, '/api/queue/add', headers, 'POST', body);
  expect(answer.status).toBe(413);
});

test('a port in use: the next free one', async () => {
  const holder = createNetServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const next = await startScriptedServer({ port, uiFolder: null });
  expect(next.port).toBeGreaterThan(port);
  await next.close();
  await new Promise((resolve) => holder.close(resolve));
});

test('the token is made once and is readable by its owner alone', async () => {
  const path = join(folder, '.engine.token');
  const token = await readOrMakeToken(path);
  expect(await readOrMakeToken(path)).toBe(token);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await writeFile(path, 'short');
  expect(await readOrMakeToken(path)).not.toBe('short');
});

/**
 * Access control: Host, Origin, cookie, bearer token, ticket, sign-in link, public status, files.
 */
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

/** Uses node:http, because fetch sets its own Host header and normalizes the path. */
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

/** 'open', or the HTTP status of the rejected upgrade. */
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

interface SignedIn {
  readonly cookie: string;
  readonly key: string;
  /** Both halves, for REST. */
  readonly both: { readonly cookie: string; readonly 'x-nightshift-page': string };
  /** For an upgrade. */
  readonly protocols: string[];
}

/** Signs in with the one-time link. */
async function signIn(): Promise<SignedIn> {
  const path = server.link().replace(/^http:\/\/[^/]+/, '');
  const answer = await ask(server.port, path);
  expect(answer.status).toBe(303);
  const key = /^\/#page-key=([\w-]{43})$/.exec(String(answer.headers.location))?.[1] ?? '';
  expect(key).not.toBe('');
  const cookie = answer.headers['set-cookie']?.[0] ?? '';
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
  const half = cookie.split(';')[0] ?? '';
  return {
    cookie: half,
    key,
    both: { cookie: half, 'x-nightshift-page': key },
    protocols: ['nightshift', `nightshift.page.${key}`],
  };
}

describe('Host', () => {
  test('rejects an unknown Host on pages, status, REST and upgrades', async () => {
    for (const host of ['evil.example', `evil.example:${String(server.port)}`, '127.0.0.1:1']) {
      for (const path of ['/', '/api/status', '/status/training_status.json', '/api/queue'])
        expect((await ask(server.port, path, { host, ...bearer() })).status).toBe(403);
      expect(await upgrade(server.port, { host, ...bearer() })).toBe(403);
    }
  });
  test('accepts the three loopback names', async () => {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const host = `${name}:${String(server.port)}`;
      expect((await ask(server.port, '/api/status', { host })).status).toBe(200);
    }
  });
});

describe('Origin', () => {
  test('rejects a foreign Origin on upgrades and changes, with any credential', async () => {
    const { both, protocols } = await signIn();
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', 'app://other']) {
      for (const proof of [bearer(), both]) {
        expect(await upgrade(server.port, { origin, ...proof }, protocols)).toBe(403);
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
  test('accepts its own page and the desktop page', async () => {
    const { cookie, protocols } = await signIn();
    const own = `http://127.0.0.1:${String(server.port)}`;
    expect(await upgrade(server.port, { origin: own, cookie }, protocols)).toBe('open');
    expect(await upgrade(server.port, { origin: 'app://nightshift', ...bearer() })).toBe('open');
  });
  test('a session without an Origin can not open a socket or change anything; a token can', async () => {
    const { cookie, both, protocols } = await signIn();
    expect(await upgrade(server.port, { cookie }, protocols)).toBe(403);
    expect((await ask(server.port, '/api/training/pause', both, 'POST', '{}')).status).toBe(403);
    expect(await upgrade(server.port, bearer())).toBe('open');
  });
  test('sends no CORS headers', async () => {
    const answer = await ask(server.port, '/api/status', { origin: 'http://evil.example' });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual(
      [],
    );
  });
});

describe('credentials', () => {
  test('REST and WebSocket require one', async () => {
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
  test('rejects a wrong token or cookie', async () => {
    expect((await ask(server.port, '/api/queue', { authorization: 'Bearer nothing' })).status).toBe(
      401,
    );
    const cookie = `nightshift_${String(server.port)}=nothing`;
    expect((await ask(server.port, '/api/queue', { cookie })).status).toBe(401);
  });
  test('a sign-in link works once', async () => {
    const path = server.link().replace(/^http:\/\/[^/]+/, '');
    expect((await ask(server.port, path)).status).toBe(303);
    const again = await ask(server.port, path);
    expect(again.status).toBe(401);
    expect(again.text).toContain('already used');
  });
  test('the page requires a sign-in', async () => {
    expect((await ask(server.port, '/')).status).toBe(401);
    const page = await ask(server.port, '/', { cookie: (await signIn()).cookie });
    expect(page.status).toBe(200);
    expect(page.text).toContain('<title>Nightshift</title>');
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
  });
  test('a ticket opens one socket; tickets are issued for the token', async () => {
    const answer = await ask(server.port, '/api/tickets', bearer(), 'POST');
    const { ticket } = JSON.parse(answer.text) as { ticket: string };
    const protocols = ['nightshift', `nightshift.ticket.${ticket}`];
    const origin = { origin: 'app://nightshift' };
    expect(await upgrade(server.port, origin, protocols)).toBe('open');
    expect(await upgrade(server.port, origin, protocols)).toBe(401);
    expect((await ask(server.port, '/api/tickets', {}, 'POST')).status).toBe(401);
  });
  test('a ticket expires after five minutes', () => {
    let now = 1000;
    const tickets = createTickets(() => now);
    const { ticket, expires } = tickets.issue({ session: null });
    expect(expires).toBe(1300);
    now = 1301;
    expect(tickets.redeem(ticket)).toBeNull();
  });
  test('a ticket is only valid for an upgrade', () => {
    const facts = {
      method: 'GET',
      path: '/api/queue',
      host: '127.0.0.1:8080',
      origin: undefined,
      authorization: undefined,
      cookie: undefined,
      pageKey: undefined,
      protocols: ['nightshift.ticket.x'],
    };
    const settings = {
      port: 8080,
      token: 't',
      redeem: () => ({ session: null }),
      session: () => null,
    };
    expect(admit({ ...facts, upgrade: false }, settings).admitted).toBe(false);
    expect(admit({ ...facts, upgrade: true }, settings).admitted).toBe(true);
  });
});

describe('public status', () => {
  const paths = ['/api/status', '/status/training_status.json'];

  test('numbers can be read without a token and contain no prompts, responses or names', async () => {
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
      if (status === null) throw new Error(`${path} returned no status`);
      expect(status.current_step).toBe(full.current_step);
      expect(status.queue).toEqual(full.queue);
      for (const text of texts) expect(answer.text).not.toContain(text);
      const whole = await ask(server.port, path, bearer());
      expect(whole.text).toContain(full.current_dataset?.name);
    }
  });
  test('a trainer error is shown with its category but without its message', async () => {
    const failed = await startScriptedServer({ scene: 'failed', uiFolder: null });
    const answer = await ask(failed.port, '/api/status');
    expect(answer.text).toContain('out_of_memory');
    expect(answer.text).not.toContain('micro batch 1');
    await failed.close();
  });
  test('can be disabled', async () => {
    const closed = await startScriptedServer({ openStatus: false, uiFolder: null });
    for (const path of [...paths, '/api/machine'])
      expect((await ask(closed.port, path)).status).toBe(401);
    await closed.close();
  });
});

describe('files', () => {
  test('serves nothing outside the folder', async () => {
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
  test('an asset has its content type and is cached by the browser', async () => {
    const answer = await ask(server.port, '/assets/index-abcdefgh.js');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(answer.headers['cache-control']).toContain('immutable');
  });
  test('the content security policy allows no inline scripts and no eval', () => {
    const scripts = /script-src ([^;]*)/.exec(contentSecurityPolicy(8080))?.[1];
    expect(scripts).toBe("'self'");
  });
});

test('rejects a body over the limit', async () => {
  const body = JSON.stringify({ paths: ['x'.repeat(9 * 1024 * 1024)] });
  const headers = { ...bearer(), 'content-type': 'application/json' };
  const answer = await ask(server.port, '/api/queue/add', headers, 'POST', body);
  expect(answer.status).toBe(413);
});

test('uses the next free port if the port is taken', async () => {
  const holder = createNetServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const next = await startScriptedServer({ port, uiFolder: null });
  expect(next.port).toBeGreaterThan(port);
  await next.close();
  await new Promise((resolve) => holder.close(resolve));
});

test('creates the token once, readable only by its owner', async () => {
  const path = join(folder, '.engine.token');
  const token = await readOrMakeToken(path);
  expect(await readOrMakeToken(path)).toBe(token);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await writeFile(path, 'short');
  expect(await readOrMakeToken(path)).not.toBe('short');
});

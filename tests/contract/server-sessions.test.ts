/** Browser sessions: two halves, listed, revocable, never worth the token. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { openSessions, SESSION_SECONDS } from '../../src-main/server/sessions.ts';
import { startScriptedServer, type ScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer({ uiFolder: null });
});
afterAll(() => server.close());

const at = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { redirect: 'manual', ...init });
const origin = (): string => `http://127.0.0.1:${server.port}`;
const bearer = () => ({ authorization: `Bearer ${server.token}` });

interface Halves {
  readonly cookie: string;
  readonly key: string;
}

async function signIn(cookie?: string): Promise<Halves> {
  const path = server.link().slice(origin().length);
  const answer = await at(path, cookie === undefined ? {} : { headers: { cookie } });
  expect(answer.status).toBe(303);
  return {
    cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '',
    key: (answer.headers.get('location') ?? '').replace('/#page-key=', ''),
  };
}

const rest = ({ cookie, key }: Halves) => ({
  cookie,
  'x-nightshift-page': key,
  origin: origin(),
});

/** An open socket, or the status of the refused upgrade. */
function open(headers: Record<string, string>, protocols: string[]): Promise<WebSocket | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, protocols, { headers });
    socket.on('open', () => {
      resolve(socket);
    });
    socket.on('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    socket.on('error', reject);
  });
}
const page = ({ cookie, key }: Halves) =>
  open({ cookie, origin: origin() }, ['nightshift', `nightshift.page.${key}`]);

test('issue 11, 8: the cookie alone, as any server on 127.0.0.1 receives it, opens nothing', async () => {
  const { cookie } = await signIn();
  expect((await at('/api/queue', { headers: { cookie } })).status).toBe(401);
  expect((await at('/api/tickets', { method: 'POST', headers: { cookie } })).status).toBe(401);
  expect(await open({ cookie, origin: origin() }, [])).toBe(401);
  const other = await signIn();
  for (const mixed of [
    { cookie, key: other.key },
    { cookie, key: '' },
  ]) {
    expect((await at('/api/queue', { headers: rest(mixed) })).status).toBe(401);
    expect(await page(mixed)).toBe(401);
  }
});

test('issue 11, 8: both halves read and change; no way leads from them to the token', async () => {
  const signedIn = await signIn();
  const headers = rest(signedIn);
  expect((await at('/api/queue', { headers })).status).toBe(200);
  const token = await at('/api/access/token', { method: 'POST', headers });
  expect(token.status).toBe(401);
  expect(await token.text()).not.toContain(server.token);
  // A ticket that a session asked for grants no more than the session.
  const issued = (await (await at('/api/tickets', { method: 'POST', headers })).json()) as {
    ticket: string;
  };
  const socket = await open({ origin: origin() }, [
    'nightshift',
    `nightshift.ticket.${issued.ticket}`,
  ]);
  if (typeof socket === 'number') throw new Error(`refused: ${socket}`);
  const answer = new Promise<string>((resolve) => {
    socket.once('message', (data: Buffer) => {
      resolve(data.toString('utf8'));
    });
  });
  socket.send(JSON.stringify({ i: '1', p: { u: '/access/token', b: {} } }));
  const text = await answer;
  expect(text).toContain('UNAUTHORIZED');
  expect(text).not.toContain(server.token);
  socket.terminate();
});

test('issue 11, 8: HEAD uses up no link', async () => {
  const path = server.link().slice(origin().length);
  for (const method of ['HEAD', 'HEAD']) expect((await at(path, { method })).status).toBe(401);
  expect((await at(path)).status).toBe(303);
  expect((await at(path)).status).toBe(401);
});

test('issue 11, 8: sessions are listed, and a revoked one is refused and its pages are closed', async () => {
  const signedIn = await signIn();
  const again = await signIn(signedIn.cookie);
  expect(again.cookie).toBe(signedIn.cookie);
  const socket = await page(signedIn);
  if (typeof socket === 'number') throw new Error(`refused: ${socket}`);
  const closed = new Promise<number>((resolve) => {
    socket.once('close', resolve);
  });
  const access = (await (await at('/api/access', { headers: rest(again) })).json()) as {
    session: string;
  };
  const issued = await at('/api/tickets', { method: 'POST', headers: rest(again) });
  const { ticket } = (await issued.json()) as { ticket: string };
  const list = async () =>
    (await (await at('/api/access/sessions', { headers: bearer() })).json()) as {
      id: string;
      pages: number;
    }[];
  const [first] = await list();
  expect(first).toMatchObject({ id: access.session, pages: 1 });
  const revoke = () =>
    at(`/api/access/sessions/${access.session}/revoke`, { method: 'POST', headers: bearer() });
  expect((await revoke()).status).toBe(200);
  expect((await revoke()).status).toBe(404);
  expect(await closed).toBe(1008);
  expect((await list()).map(({ id }) => id)).not.toContain(access.session);
  for (const halves of [signedIn, again])
    expect((await at('/api/queue', { headers: rest(halves) })).status).toBe(401);
  // Nor does a ticket that it asked for before let it in again.
  expect((await at(`/?ticket=${ticket}`)).status).toBe(401);
});

test('issue 11, 8: the workspace keeps hashes only, mode 0600, and sessions end after 30 days', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-sessions-'));
  const file = join(folder, '.engine.sessions');
  let now = 1000;
  const options = {
    file,
    token: 'a',
    now: () => now,
    onRevoked: () => undefined,
    onBug: (error: unknown) => {
      throw error;
    },
  };
  const { cookie, key } = await (await openSessions(options)).signIn(null, 'a\u202eb'.repeat(500));
  const text = readFileSync(file, 'utf8');
  expect(text).not.toContain(cookie);
  expect(text).not.toContain(key);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const later = await openSessions(options);
  expect(later.verify(cookie, key)).toBe(later.list()[0]?.id);
  expect(later.list()[0]?.browser).toHaveLength(200);
  // In a copy of the workspace, whose token is another one.
  expect((await openSessions({ ...options, token: 'b' })).find(cookie)).toBeNull();
  now += SESSION_SECONDS + 1;
  expect(later.verify(cookie, key)).toBeNull();
  expect(later.list()).toEqual([]);
  rmSync(folder, { recursive: true });
});

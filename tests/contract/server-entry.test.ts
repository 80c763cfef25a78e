/**
 * The built engine as a process: server, lock, exit and output. Needs out/engine (npm run build).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const entry = join(import.meta.dirname, '../../out/engine/engine.mjs');
let workspace: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'nightshift-entry-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
  }
  await rm(workspace, { recursive: true, force: true, maxRetries: 3 });
});

interface Running {
  readonly child: ChildProcess;
  /** Everything that was printed so far. */
  readonly text: () => string;
  readonly ended: Promise<number | null>;
}

function run(...args: string[]): Running {
  const child = spawn(process.execPath, [entry, '--workspace', workspace, ...args]);
  children.push(child);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, text: () => text, ended };
}

async function until<T>(probe: () => T | null): Promise<T> {
  for (;;) {
    const found = probe();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
const linkIn = (engine: Running): Promise<string> =>
  until(() => /http:\/\/127\.0\.0\.1:\d+\/\?ticket=\S+/.exec(engine.text())?.[0] ?? null);

test('serves, writes its port to the lock, and shuts down on a signal', async () => {
  const engine = run('--port', '0');
  const link = await linkIn(engine);
  const lock = JSON.parse(await readFile(join(workspace, '.engine.lock'), 'utf8')) as {
    pid: number;
    port: number;
  };
  expect(lock.pid).toBe(engine.child.pid);
  expect(new URL(link).port).toBe(String(lock.port));
  expect((await stat(join(workspace, '.engine.token'))).mode & 0o777).toBe(0o600);
  expect((await fetch(link, { redirect: 'manual' })).status).toBe(303);

  engine.child.kill('SIGTERM');
  expect(await engine.ended).toBe(0);
  expect(engine.text()).toContain('Engine stopped. No trainer was running.');
  await expect(stat(join(workspace, '.engine.lock'))).rejects.toThrow('ENOENT');
});

test('a second engine on the same workspace exits with 3 and names the first', async () => {
  const first = run('--port', '0');
  await linkIn(first);
  const second = run('--port', '0');
  expect(await second.ended).toBe(3);
  expect(second.text()).toContain(`Another engine (pid ${String(first.child.pid)})`);
  expect(second.text().trim().split('\n')).toHaveLength(1);
  expect(first.child.exitCode).toBeNull();
});

test('uses and reports the next free port if the port is taken', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const engine = run('--port', String(port));
  const link = await linkIn(engine);
  expect(Number(new URL(link).port)).toBeGreaterThan(port);
  expect(engine.text()).toContain(
    `Port ${String(port)} is in use; using port ${new URL(link).port}.`,
  );
  await new Promise((resolve) => holder.close(resolve));
});

test('refuses a read-only workspace with a message and writes nothing', async () => {
  // root can write anywhere, so as root the engine runs as user nobody, from a folder that nobody
  // can read.
  const place = await mkdtemp(join(tmpdir(), 'nightshift-readable-'));
  try {
    await cp(process.execPath, join(place, 'node'));
    await cp(entry, join(place, 'engine.mjs'));
    await chmod(place, 0o755);
    await chmod(workspace, 0o555);
    const child = spawn(
      join(place, 'node'),
      [join(place, 'engine.mjs'), '--workspace', workspace],
      {
        ...(process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}),
        env: { ...process.env, HOME: place },
        cwd: place,
      },
    );
    children.push(child);
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    expect(await new Promise((resolve) => child.once('close', resolve))).not.toBe(0);
    expect(text).toContain(workspace);
    expect(text).toMatch(/Can't write to the workspace/);
    expect(text.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect(await readdir(workspace)).toEqual([]);
  } finally {
    await chmod(workspace, 0o755);
    await rm(place, { recursive: true, force: true });
  }
});

test('exits when a client requests it', async () => {
  const engine = run('--port', '0');
  const { port } = new URL(await linkIn(engine));
  const token = (await readFile(join(workspace, '.engine.token'), 'utf8')).trim();
  const answer = await fetch(`http://127.0.0.1:${port}/api/engine/leave`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await answer.json()).toEqual({ ok: true });
  expect(await engine.ended).toBe(0);
});

test('keeps running when its output pipes are closed', async () => {
  const engine = run('--port', '0');
  const { port } = new URL(await linkIn(engine));
  engine.child.stdout?.destroy();
  engine.child.stderr?.destroy();
  const answer = await fetch(`http://127.0.0.1:${port}/api/status`);
  expect(answer.status).toBe(200);
  engine.child.kill('SIGTERM');
  const code = await new Promise((resolve) => engine.child.once('exit', resolve));
  expect(code).toBe(0);
});

test.skipIf(process.platform !== 'linux')('closes sockets inherited from its parent', async () => {
  // A shell hands its descriptor 7, a socket, on to the engine, as a parent without close-on-exec
  // does.
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const closed = new Promise((resolve) => {
    listener.once('connection', (socket) => socket.resume().once('end', resolve));
  });
  const child = spawn('bash', [
    '-c',
    `exec 7<>/dev/tcp/127.0.0.1/${String(port)}; exec "$0" "$@"`,
    process.execPath,
    entry,
    '--workspace',
    workspace,
    '--port',
    '0',
  ]);
  children.push(child);
  await closed;
  listener.close();
});

test('invalid usage exits with 2', async () => {
  expect(await run('--port', 'eighty').ended).toBe(2);
});

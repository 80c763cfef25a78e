/**
 * One engine per workspace, also where the other one can't be seen: in another process namespace, and on a disk without hard links
 * (tests/incidents/fixtures/cases/m2-no-hard-links.c). Linux, with the right to make namespaces and with a C compiler; skipped elsewhere.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { EngineProcess, until } from './engine-process.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const node = path.join(repository, 'node_modules/node/bin/node');
const entry = path.join(repository, 'out/engine/engine.mjs');
const NAMESPACE = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const canUnshare = spawnSync('unshare', [...NAMESPACE, 'true']).status === 0;
const canCompile = spawnSync('gcc', ['--version']).status === 0;

const temporary = mkdtempSync(path.join(os.tmpdir(), 'nightshift-lock-'));
const apps: EngineProcess[] = [];
afterAll(async () => {
  for (const app of apps) await app.end();
  rmSync(temporary, { recursive: true, force: true });
});
async function app(): Promise<EngineProcess> {
  const made = new EngineProcess();
  apps.push(made);
  await made.configure({ disk: { min_free_gb: 0 } });
  return made;
}

/** An engine in a process namespace of its own. */
function startElsewhere(made: EngineProcess) {
  const child = spawn(
    'unshare',
    [...NAMESPACE, node, entry, '--workspace', made.workspace, '--port', '0'],
    { env: made.environment(), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => output.push(data.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended, text: () => output.join('') };
}
const lockOf = async (made: EngineProcess): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(path.join(made.workspace, '.engine.lock'), 'utf8')) as Record<
    string,
    unknown
  >;

test.skipIf(!canUnshare)(
  'an engine in another process namespace does not take a workspace that is in use',
  async () => {
    const made = await app();
    await made.start();
    const before = await lockOf(made);
    const other = startElsewhere(made);
    expect(await other.ended).toBe(3);
    expect(other.text()).toContain("can't be seen from here");
    expect(other.text()).toContain(`Another engine (pid ${String(made.enginePid)})`);
    expect((await made.get('/engine')).status).toBe(200);
    expect((await lockOf(made))['id']).toBe(before['id']);
  },
  60_000,
);

test.skipIf(!canUnshare)(
  'an engine that was killed in another namespace is replaced once its lease is over',
  async () => {
    const made = await app();
    const other = startElsewhere(made);
    await until('the engine elsewhere', () => other.text().includes('Serving'), 30);
    const holder = await lockOf(made);
    other.child.kill('SIGKILL');
    await other.ended;
    const since = performance.now();
    await made.start();
    expect(performance.now() - since).toBeGreaterThan(10_000);
    expect((await lockOf(made))['id']).not.toBe(holder['id']);
  },
  90_000,
);

test.skipIf(!canUnshare)(
  'an engine that was suspended while another took the workspace ends without a word in it',
  async () => {
    const made = await app();
    await made.start();
    process.kill(made.enginePid, 'SIGSTOP');
    const other = startElsewhere(made);
    await until('the other engine', () => other.text().includes('Serving'), 60);
    const holder = await lockOf(made);
    process.kill(made.enginePid, 'SIGCONT');
    await made.killed();
    expect((await lockOf(made))['id']).toBe(holder['id']);
    other.child.kill('SIGKILL');
    await other.ended;
  },
  120_000,
);

test.skipIf(!canCompile)(
  'a disk without hard links holds a workspace',
  async () => {
    const library = path.join(temporary, 'nolink.so');
    const source = path.join(import.meta.dirname, 'fixtures/cases/m2-no-hard-links.c');
    expect(spawnSync('gcc', ['-shared', '-fPIC', '-o', library, source]).status).toBe(0);
    const made = await app();
    const environment = { ...made.environment(), LD_PRELOAD: library };
    const child = spawn(node, [entry, '--workspace', made.workspace, '--port', '0'], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (text += data.toString()));
    await until('it serves', () => text.includes('Serving'), 30);
    expect(text).not.toContain('EPERM');
    const again = spawnSync(node, [entry, '--workspace', made.workspace], {
      env: environment,
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(again.status).toBe(3);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  },
  60_000,
);

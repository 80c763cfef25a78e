/**
 * The last column of the damage matrix: files that this account can't read. The engine runs as
 * another account where the test runs as root, whom no mode keeps out.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Check } from '../../src-main/contract/index.ts';
import { jsonFiles, prepare } from '../engine/fixtures/file-damage.ts';
import { waitUntil } from '../support/until.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const NOBODY = 65_534;
let folder: string;
let child: ChildProcess | null = null;
let output = '';

/** The address and the token of the engine, or null once it has ended. */
async function start(): Promise<{ readonly port: number; readonly token: string } | null> {
  output = '';
  const started = spawn(
    path.join(repository, 'node_modules/node/bin/node'),
    [
      path.join(repository, 'out/engine/engine.mjs'),
      '--workspace',
      folder,
      '--port',
      '0',
      '--json',
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: path.dirname(folder) },
      ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
    },
  );
  child = started;
  for (const stream of [started.stdout, started.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const line = await waitUntil(
    'the engine',
    () => /^\{"workspace".*$/m.exec(output)?.[0] ?? (started.exitCode === null ? null : 'ended'),
    60,
    50,
  );
  if (line === 'ended') return null;
  const { port } = JSON.parse(line) as { port: number };
  return { port, token: readFileSync(path.join(folder, '.engine.token'), 'utf8').trim() };
}

beforeEach(async () => {
  const prepared = await prepare();
  const root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-unreadable-'));
  folder = path.join(root, 'workspace');
  cpSync(prepared.folder, folder, { recursive: true, verbatimSymlinks: true });
  await prepared.end();
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, root]);
}, 120_000);
afterEach(() => {
  child?.kill('SIGKILL');
  child = null;
  rmSync(path.dirname(folder), { recursive: true, force: true, maxRetries: 5 });
});

test.each(['current_model/lineage.json', 'journal'])(
  '%s: refused with one sentence, and not written',
  async (place) => {
    const name = jsonFiles(folder).find((known) => known.startsWith(place)) ?? '';
    const file = path.join(folder, name);
    const content = readFileSync(file);
    chmodSync(file, 0);
    expect(await start()).toBeNull();
    expect(output).toContain(`No permission to use ${file}`);
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(readFileSync(file)).toEqual(content);
  },
);

test('any other: the engine starts, names each, and keeps what they hold', async () => {
  const names = jsonFiles(folder).filter((name) => !/^journal|lineage\.json|^status/.test(name));
  const content = new Map(names.map((name) => [name, readFileSync(path.join(folder, name))]));
  for (const name of names) chmodSync(path.join(folder, name), 0);
  const address = await start();
  expect(address, output).not.toBeNull();
  const answer = await fetch(`http://127.0.0.1:${String(address?.port)}/api/health`, {
    headers: { authorization: `Bearer ${address?.token ?? ''}` },
  });
  const checks = (await answer.json()) as readonly Check[];
  expect(checks.find(({ id }) => id === 'files')?.state).toBe('warn');
  const [journal = ''] = jsonFiles(folder).filter((name) => name.startsWith('journal'));
  for (const name of names)
    await expect
      .poll(() => readFileSync(path.join(folder, journal), 'utf8'), { message: name })
      .toContain(name);
  for (const [name, bytes] of content) {
    const kept = execFileSync('sh', ['-c', 'cat "$0"*', path.join(folder, name)]);
    expect(kept.includes(bytes), name).toBe(true);
  }
});

#!/usr/bin/env node
/**
 * Many files in inbox/ that can't be queued yet, and clients that never read: `npm run build`, then
 * `node benchmarks/readers.mjs [files] [clients] [seconds]` on Node 24. Measured: processor time and memory of the engine.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { WebSocket } from 'ws';

const repository = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'nightshift-readers-'));
const files = Number(process.argv[2] ?? 3000);
const clients = Number(process.argv[3] ?? 20);
const seconds = Number(process.argv[4] ?? 60);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const child = spawn(
  process.execPath,
  [path.join(repository, 'out/engine/engine.mjs'), '--workspace', folder, '--port', '0', '--json'],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NIGHTSHIFT_DEVICE_LOCKS: path.join(folder, 'locks') },
  },
);
const resident = () =>
  (Number(
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(child.pid)}/status`, 'utf8'))?.[1] ?? 0,
  ) *
    1024) /
  1e6;
/** Seconds of processor time so far. */
const processor = () => {
  const fields = readFileSync(`/proc/${String(child.pid)}/stat`, 'utf8')
    .split(') ')[1]
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

try {
  let text = '';
  for await (const data of child.stdout) {
    text += data;
    if (text.includes('\n')) break;
  }
  const { port } = JSON.parse(text.slice(0, text.indexOf('\n')));
  const token = readFileSync(path.join(folder, '.engine.token'), 'utf8').trim();
  mkdirSync(path.join(folder, 'inbox'), { recursive: true });
  const before = { memory: resident() };
  // Every second one is of no supported kind; the others end in the middle of a line.
  for (let file = 0; file < files; file += 1)
    writeFileSync(
      path.join(folder, 'inbox', `file-${String(file)}.${file % 2 === 0 ? 'md' : 'jsonl'}`),
      '{"question":"half',
    );
  for (let client = 0; client < clients; client += 1) {
    const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/ws`, {
      headers: { authorization: `Bearer ${token}` },
    });
    socket.on('error', () => undefined);
    await once(socket, 'open');
    const engine = createORPCClient(new RPCLink({ websocket: socket }));
    const { revision } = await engine.feed.snapshot();
    void engine.feed.changes({ since: revision }).catch(() => undefined);
    await sleep(50);
    socket.pause();
  }
  await sleep(10_000);
  const settled = processor();
  let highest = 0;
  for (let second = 0; second < seconds; second += 1) {
    await sleep(1000);
    highest = Math.max(highest, resident());
  }
  console.log(`load ${loadavg()[0].toFixed(1)}`);
  console.log(`files ${String(files)}, clients that never read ${String(clients)}`);
  console.log(
    `engine: ${(((processor() - settled) / seconds) * 100).toFixed(1)} % of a core over ${String(seconds)} s`,
  );
  console.log(`memory: ${before.memory.toFixed(0)} MB before, ${highest.toFixed(0)} MB at most`);
} finally {
  child.kill('SIGTERM');
  await once(child, 'exit');
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

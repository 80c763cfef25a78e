#!/usr/bin/env node
/**
 * Many small files in inbox/, then one large file: `npm run build`, then `node benchmarks/inbox.mjs [files] [MB]` on Node 24.
 * A real engine with the starter validates them. Measured: files a second, the resident memory of engine and intake worker, how long
 * /api/status takes meanwhile, and that every file has a verdict.
 */
import { spawn } from 'node:child_process';
import {
  createWriteStream,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'nightshift-inbox-'));
const files = Number(process.argv[2] ?? 2000);
const megabytes = Number(process.argv[3] ?? 300);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const row = (what, ...cells) => console.log(`| ${[what, ...cells].join(' | ')} |`);
const mb = (bytes) => `${Math.round(bytes / 1e6)} MB`;

async function startEngine() {
  const engine = path.join(repository, 'out/engine/engine.mjs');
  const child = spawn(process.execPath, [engine, '--workspace', folder, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NIGHTSHIFT_DEVICE_LOCKS: path.join(folder, 'locks') },
  });
  let text = '';
  for await (const data of child.stdout) {
    text += data;
    if (text.includes('\n')) break;
  }
  const { port } = JSON.parse(text.slice(0, text.indexOf('\n')));
  const token = readFileSync(path.join(folder, '.engine.token'), 'utf8').trim();
  const ask = async (method, route, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api${route}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answer.json();
  };
  return { child, ask };
}

const resident = (pid) => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
};

/** Milliseconds of processor time so far. */
const processor = (pid) => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
};

/** The Python processes that the engine started. */
function workers(engine) {
  const pids = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      if (
        Number(fields[1]) === engine &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('nightshift_trainer')
      )
        pids.push(pid);
    } catch {
      // It has ended.
    }
  }
  return pids;
}

const verdicts = () =>
  readdirSync(path.join(folder, 'data/datasets')).filter((id) => {
    try {
      return (
        JSON.parse(readFileSync(path.join(folder, 'data/datasets', id, 'meta.json'), 'utf8'))
          .validated !== null
      );
    } catch {
      return false;
    }
  }).length;

/** Until `done()`; the highest values on the way. */
async function watch(engine, done) {
  const seen = { engine: [], worker: [], status: [], workers: new Set() };
  while (!(await done())) {
    const began = performance.now();
    await engine.ask('GET', '/status');
    seen.status.push(performance.now() - began);
    seen.engine.push(resident(engine.child.pid));
    for (const pid of workers(engine.child.pid)) {
      seen.workers.add(pid);
      seen.worker.push(resident(pid));
    }
    await sleep(200);
  }
  return seen;
}

/** At the beginning, in the middle, at the end. */
const course = (values) =>
  [0.1, 0.5, 1]
    .map((share) => mb(values[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0))
    .join(', ');

const engine = await startEngine();
try {
  // Nothing is to be trained meanwhile.
  await engine.ask('POST', '/training/pause', {});
  await engine.ask('POST', '/setup/base', { base: 'starter' });
  while (!readdirSync(path.join(folder, 'models')).includes('starter')) await sleep(200);
  await sleep(2000);
  console.log(`load ${loadavg()[0].toFixed(1)} before`);
  row('', 'result');
  row('---', '---');
  row('engine before', mb(resident(engine.child.pid)));
  mkdirSync(path.join(folder, 'inbox'), { recursive: true });
  for (let file = 0; file < files; file += 1) {
    const lines = Array.from({ length: 20 }, (_, index) =>
      JSON.stringify({
        question: `What is ${file} plus ${index}?`,
        answer: `It is ${file + index}.`,
      }),
    );
    writeFileSync(path.join(folder, 'inbox', `small-${file}.jsonl`), `${lines.join('\n')}\n`);
  }
  const before = processor(engine.child.pid);
  let first = null;
  let validated = 0;
  const small = await watch(engine, async () => {
    validated = verdicts();
    if (validated > 0) first ??= { t: performance.now(), validated };
    return validated >= files;
  });
  const seconds = (performance.now() - first.t) / 1000;
  const spent = [engine.child.pid, ...workers(engine.child.pid)].map((pid) => processor(pid));
  row('files with a verdict', `${validated} of ${files}`);
  row('files a second, from the first verdict', ((files - first.validated) / seconds).toFixed(1));
  row(
    'processor time a file: engine, worker',
    `${((spent[0] - before) / files).toFixed(0)} ms, ${((spent[1] ?? 0) / files).toFixed(0)} ms`,
  );
  row('engine at 10, 50, 100 %', course(small.engine));
  row('worker at 10, 50, 100 %; processes', `${course(small.worker)}; ${small.workers.size}`);
  row('/api/status, longest', `${Math.round(Math.max(...small.status))} ms`);
  if (megabytes > 0) {
    const target = path.join(folder, 'inbox', 'large.jsonl');
    const stream = createWriteStream(target);
    let written = 0;
    for (let index = 0; written < megabytes * 1e6; index += 1) {
      const line = `${JSON.stringify({ question: `Row ${index}: ${'which bench is oiled on Monday? '.repeat(6)}`, answer: `Bench ${index}, ${'the long one. '.repeat(6)}` })}\n`;
      written += line.length;
      if (!stream.write(line)) await once(stream, 'drain');
    }
    stream.end();
    await once(stream, 'close');
    const large = await watch(engine, async () => verdicts() > files);
    row(`worker on ${megabytes} MB at 10, 50, 100 %`, course(large.worker));
    row('highest', mb(Math.max(...large.worker)));
    row('/api/status, longest', `${Math.round(Math.max(...large.status))} ms`);
  }
  row('engine after', mb(resident(engine.child.pid)));
  console.log(`load ${loadavg()[0].toFixed(1)} after`);
} finally {
  engine.child.kill('SIGTERM');
  await once(engine.child, 'exit');
  rmSync(folder, { recursive: true, force: true });
}

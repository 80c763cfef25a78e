#!/usr/bin/env node
/**
 * G21: a backup, read back and compared, against `cp` of the same folder, interleaved in one run. Needs Node 24.
 *   node benchmarks/backups.mjs [megabytes=1200] [rounds=3]
 * The source is a synthetic model in a temporary folder (TMPDIR): one large file of random bytes, a few small ones. Two peers: `cp`
 * as it is (what it wrote is in memory when it ends), and `cp` with `sync -f` (what it wrote is on the disk, as after a backup).
 * While a backup is made the delay of this process's own loop is measured: it is what an engine's clients would wait.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { makeBackup } from '../src-main/engine/backups/making.ts';
import { BackupStore } from '../src-main/engine/backups/store.ts';
import { createThreads } from '../src-main/engine/backups/threads.ts';
import { workspacePaths } from '../src-main/formats/workspace.ts';
import { systemClock } from '../src-main/kit/index.ts';

const megabytes = Number(process.argv[2] ?? 1200);
const rounds = Number(process.argv[3] ?? 3);
const root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-benchmark-'));
const source = path.join(root, 'source');
const paths = workspacePaths(path.join(root, 'workspace'));

function makeSource() {
  mkdirSync(source, { recursive: true });
  const block = randomBytes(1 << 20);
  const file = openSync(path.join(source, 'model.safetensors'), 'w');
  for (let at = 0; at < megabytes; at += 1) {
    block.writeUInt32LE(at, 0);
    writeSync(file, block);
  }
  closeSync(file);
  for (const name of ['config.json', 'tokenizer.json', 'manifest.json'])
    writeFileSync(path.join(source, name), randomBytes(100_000));
  execFileSync('sync', ['-f', source]);
  // Read once, so that every way begins with the same pages in memory.
  execFileSync('cat', [path.join(source, 'model.safetensors')], { stdio: 'ignore' });
}

const threads = createThreads();
const store = new BackupStore(paths, (files) => threads.hash(files));
const disk = { require: () => Promise.resolve() };
const loop = monitorEventLoopDelay({ resolution: 5 });

async function backup() {
  loop.enable();
  const made = await makeBackup(
    { paths, disk, clock: systemClock, store, threads },
    {
      source: { kind: 'folder', path: source },
      type: 'manual',
      reason: 'benchmark',
      by: 'benchmark',
    },
  );
  loop.disable();
  return made.folder;
}
const copy = (name, isSynced) => () => {
  const target = path.join(root, name);
  execFileSync('cp', ['-r', '--reflink=never', source, target]);
  if (isSynced) execFileSync('sync', ['-f', target]);
  return Promise.resolve(target);
};

const ways = { cp: copy('cp', false), 'cp, synced': copy('cp-synced', true), backup };
const seconds = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
const processor = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

try {
  makeSource();
  for (let round = 0; round < rounds; round += 1)
    for (const [name, way] of Object.entries(ways)) {
      const before = process.cpuUsage();
      const began = performance.now();
      const folder = await way();
      seconds[name].push((performance.now() - began) / 1000);
      const { user, system } = process.cpuUsage(before);
      processor[name].push((user + system) / 1e6);
      rmSync(folder, { recursive: true });
      execFileSync('sync', ['-f', root]);
    }
  for (const [name, values] of Object.entries(seconds))
    process.stdout.write(
      `${name.padEnd(12)} median ${median(values).toFixed(2)} s (${values.map((value) => value.toFixed(2)).join(', ')}), ${(megabytes / median(values)).toFixed(0)} MB/s\n`,
    );
  const ratio = (peer) => ((median(seconds[peer]) / median(seconds.backup)) * 100).toFixed(0);
  process.stdout.write(
    `backup at ${ratio('cp, synced')} % of synced cp, ${ratio('cp')} % of cp; ${median(processor.backup).toFixed(1)} s of processor; ` +
      `loop delay p99 ${(loop.percentile(99) / 1e6).toFixed(1)} ms, longest ${(loop.max / 1e6).toFixed(1)} ms\n`,
  );
} finally {
  threads.close();
  rmSync(root, { recursive: true, force: true });
}

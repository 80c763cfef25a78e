/**
 * G21: seconds to restore a version of 1.2 GB on one disk, phase by phase, beside `cp` of the same files.
 * `node_modules/node/bin/node benchmarks/restore.mjs [gigabytes of weights] [rounds]`: from the sources, without a build.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEngine } from '../src-main/engine/engine.ts';

const gigabytes = Number(process.argv[2] ?? 1.2);
const roundsWanted = Number(process.argv[3] ?? 3);
const bytes = Math.round(gigabytes * 1e9);
const root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-restore-'));
const workspace = path.join(root, 'workspace');
const packageFolder = path.resolve(import.meta.dirname, '../python-runtime');
const executable = path.join(packageFolder, '.venv/bin/python');
const json = (file, value) => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
};
function fill(file, size, seed) {
  mkdirSync(path.dirname(file), { recursive: true });
  const block = Buffer.alloc(1 << 22);
  for (let at = 0; at < block.length; at += 4)
    block.writeUInt32LE((at * 2654435761 + seed) >>> 0, at);
  const handle = openSync(file, 'w');
  for (let at = 0; at < size; at += block.length)
    writeSync(handle, block, 0, Math.min(block.length, size - at));
}
async function sha256(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}
const seal = (folder) =>
  execFileSync(
    executable,
    [
      '-c',
      `
import sys, json
from pathlib import Path
from nightshift_trainer.train.checkpoint.discover import hash_file, seal
f = Path(sys.argv[1])
files = {p.relative_to(f).as_posix(): {"size": p.stat().st_size, "xxh3_128": hash_file(p, lambda: None)} for p in sorted(f.rglob("*")) if p.is_file()}
d = {"format": 1, "step": int(f.name[5:]), "branch": "main", "created": 1.0, "base": {"id": "starter", "hash": "h"}, "hashes": {}, "cursor": None, "files": files}
(f / "manifest.json").write_text(json.dumps({**d, "seal": seal(d)}))
`,
      folder,
    ],
    { cwd: packageFolder },
  );

try {
  const main = path.join(workspace, 'current_model/checkpoints/main');
  json(path.join(workspace, 'config.json'), { format: 1, disk: { min_free_gb: 0 } });
  json(path.join(workspace, 'models/starter/base.json'), {
    format: 1,
    id: 'starter',
    hash: 'h',
    parameters: bytes / 4,
  });
  json(path.join(workspace, 'current_model/lineage.json'), {
    format: 1,
    branch: 'main',
    head: 100,
    base: { id: 'starter', folder: path.join(workspace, 'models/starter'), hash: 'h' },
    method: 'full',
  });
  json(path.join(workspace, 'data/queue.json'), {
    format: 1,
    desiredState: 'paused',
    since: 1,
    by: 'benchmark',
    note: null,
  });
  for (const [step, seed] of [
    [100, 1],
    [200, 2],
  ]) {
    const folder = path.join(main, `step-${String(step).padStart(8, '0')}`);
    fill(path.join(folder, 'model/model.safetensors'), bytes, seed);
    fill(path.join(folder, 'optimizer.safetensors'), 2 * bytes, seed);
    json(path.join(folder, 'state.json'), { format: 1 });
    seal(folder);
  }
  const version = path.join(workspace, 'models/versions/v001_a');
  mkdirSync(version, { recursive: true });
  const weights = path.join(main, 'step-00000100/model/model.safetensors');
  linkSync(weights, path.join(version, 'model.safetensors'));
  json(path.join(version, 'version.json'), {
    format: 1,
    number: 1,
    name: 'v001_a',
    folder: version,
    description: '',
    created: 1,
    branch: 'main',
    step: 100,
    datasets: [],
    validation_loss: null,
    gap: null,
    training_loss: null,
    exact_match: null,
    parent: null,
    pinned: false,
    how: 'benchmark',
    bytes,
    config: null,
    pass: null,
    dataset: null,
  });
  json(path.join(version, 'manifest.json'), {
    format: 1,
    files: { 'model.safetensors': { size: bytes, sha256: await sha256(weights) } },
  });
  let began = performance.now();
  execFileSync('cp', [
    '--reflink=never',
    '-r',
    path.join(main, 'step-00000200'),
    path.join(root, 'copy'),
  ]);
  execFileSync('sync', ['-f', root]);
  const cp = (performance.now() - began) / 1000;
  rmSync(path.join(root, 'copy'), { recursive: true });

  const engine = await startEngine({
    workspace,
    python: () =>
      Promise.resolve({ state: 'ok', facts: { executable, packageFolder }, detail: '' }),
  });
  const rounds = [];
  for (let round = 0; round < roundsWanted; round += 1) {
    const source = { kind: 'version', name: 'v001_a' };
    const plan = await engine.api.restore.plan({ source });
    const phases = [];
    let phase = null;
    const stop = engine.rooms.restore.changed.on(() => {
      const now = engine.rooms.restore.state()?.phase ?? null;
      if (now === phase) return;
      phases.push([now, performance.now()]);
      phase = now;
    });
    began = performance.now();
    await engine.api.restore.carryOut({
      source,
      plan: plan.id,
      queue_again: false,
      by: 'benchmark',
    });
    const end = performance.now();
    stop();
    const seconds = Object.fromEntries(
      phases
        .filter(([name]) => name !== null)
        .map(([name, at], index) => [
          name,
          (((phases[index + 1]?.[1] ?? end) - at) / 1000).toFixed(2),
        ]),
    );
    const all = (end - began) / 1000;
    rounds.push({
      ...seconds,
      without_backup: (all - Number(seconds.back_up)).toFixed(2),
      all: all.toFixed(2),
    });
    await engine.api.restore.plan({ source: { kind: 'rollback' } });
  }
  await engine.close();
  console.log(
    `${gigabytes} GB of weights, ${(3 * gigabytes).toFixed(1)} GB a checkpoint; cp of a checkpoint and sync: ${cp.toFixed(2)} s`,
  );
  console.table(rounds);
} finally {
  rmSync(root, { recursive: true, force: true });
}

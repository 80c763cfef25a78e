#!/usr/bin/env node
/**
 * The estimate's formula against measured runs: `node benchmarks/estimate.mjs [json file]` on Node 24. Real training on this CPU
 * (starter and SmolLM2; batch sizes, micro-batches, precisions, lengths, packing), a few steps each: the highest resident memory and the
 * median seconds of a step beside what the formula says. Times use one pace for each base and precision, the median over its
 * cases, as the product does after its first pass; the pace of the first column is what the recorded machine would need.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { factoryConfig } from '../src-main/contract/index.ts';
import { estimateOf, referenceOf } from '../src-main/engine/estimate/estimate.ts';
import { lengthsOf } from '../src-main/engine/estimate/lengths.ts';
import { shapeOf } from '../src-main/engine/estimate/shape.ts';

const runtime = path.resolve(import.meta.dirname, '../python-runtime');
const python = path.join(runtime, '.venv/bin/python');
const root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-estimate-'));
const steps = Number(process.env.NIGHTSHIFT_STEPS ?? 3);
/** A file of real rows, whose lengths differ as no made ones do: each base also trains on its first rows. */
const real = process.env.NIGHTSHIFT_ROWS;
/** A folder with bases that were made before, to save their making. */
const made = process.env.NIGHTSHIFT_BASES;
const threads = Number(process.env.NIGHTSHIFT_THREADS ?? os.availableParallelism());
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** One Python process to its end. */
async function work(run, spec) {
  const folder = path.join(root, 'runs', run);
  mkdirSync(path.join(folder, 'commands'), { recursive: true });
  writeFileSync(path.join(folder, 'spec.json'), JSON.stringify(spec));
  const child = spawn(python, ['-m', 'nightshift_trainer', folder], {
    cwd: folder,
    stdio: 'ignore',
    env: {
      ...process.env,
      PYTHONPATH: runtime,
      GOMP_SPINCOUNT: '2000',
      NIGHTSHIFT_DEVICE_LOCKS: path.join(root, 'locks'),
    },
  });
  await new Promise((resolve) => child.once('exit', resolve));
  const exit = read(path.join(folder, 'exit.json'));
  if (exit.outcome !== 'completed') throw new Error(`${run}: ${exit.reason}`);
  return folder;
}

async function base(id) {
  const folder = path.join(made ?? path.join(root, 'models'), id);
  if (made === undefined) {
    await work(`base-${id}`, {
      format: 1,
      kind: 'base',
      run: id,
      workspace: root,
      base: { id, folder, source: null, seed: 1234 },
    });
  }
  return {
    folder,
    facts: read(path.join(folder, 'base.json')),
    shape: shapeOf(
      read(path.join(folder, 'config.json')),
      read(path.join(folder, 'base.json')).parameters,
    ),
  };
}

/** Rows of about so many tokens: words of one token each in both tokenizers are rare, so the report is what counts. */
async function dataset(name, at, length, rows) {
  const folder = path.join(root, 'data', name);
  mkdirSync(folder, { recursive: true });
  const words = (count, seed) =>
    Array.from(
      { length: count },
      (_, i) => ['the', 'of', 'and', 'to', 'in', 'is'][(i + seed) % 6],
    ).join(' ');
  const half = Math.max(1, Math.round((length ?? 0) / 2));
  const lines = Array.from({ length: rows }, (_, i) =>
    JSON.stringify({ question: `${i} ${words(half, i)}`, answer: words(half, i + 1) }),
  );
  const file = path.join(folder, `${name}.jsonl`);
  const given = length === null ? readFileSync(real, 'utf8').split('\n').slice(0, rows) : lines;
  writeFileSync(file, `${given.join('\n')}\n`);
  await work(`intake-${name}`, {
    format: 1,
    kind: 'intake',
    run: name,
    workspace: root,
    dataset: { id: name, folder, name: `${name}.jsonl`, path: file },
    base: { folder: at.folder },
    options: {
      max_length: 4096,
      over_length: 'drop',
      thinking: 'off',
      slice_rows: 0,
      core_rows: 0,
      seed: 42,
      batch_size: 16,
      epochs: 1,
      warmup_steps: 2,
      save_steps: 1000,
      mapping: null,
      accept_good_rows: true,
      dry_run: false,
    },
  });
  return { folder, report: read(path.join(folder, 'report.json')) };
}

async function measure(at, one, index) {
  const name = `case-${index}`;
  const data = await dataset(name, at, one.length, one.batch * steps);
  const config = {
    ...factoryConfig,
    precision: one.precision,
    deterministic: 'on',
    batch_size: one.batch,
    micro_batch: one.micro ?? 'auto',
    packing: one.packing ?? true,
    save_steps: 2,
    eval_steps: 1000,
    preview_steps: 1000,
    generate_samples: 0,
  };
  const folder = await work(name, {
    format: 1,
    kind: 'train',
    run: name,
    workspace: root,
    created: 0,
    dataset: {
      id: name,
      folder: data.folder,
      name,
      content_hash: data.report.content_hash,
      cache: path.join(data.folder, 'cache', data.report.cache),
      excluded_rows: [],
    },
    pass: { id: name, planned_steps: steps },
    config,
    base: { id: at.facts.id, folder: at.folder, hash: at.facts.hash },
    lineage: { branch: 'main', checkpoints: path.join(root, 'checkpoints', name), head_step: null },
    validation: { core: path.join(root, 'none') },
    start: { position: 0, epoch: 0 },
    device: 'cpu',
    launcher: { kind: 'single', processes: 1 },
    saving: 'sync',
    threads,
    test: {},
  });
  const points = readFileSync(path.join(folder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  rmSync(path.join(root, 'checkpoints', name), { recursive: true, force: true });
  const facts = {
    shape: at.shape,
    device: 'cpu',
    threads,
    totalMemory: null,
    checkpointBytes: 0,
    checkpointsNow: 0,
    room: null,
    pace: null,
  };
  const sizes = {
    lengths: lengthsOf(data.report, config),
    heldOutRows: 0,
    isReal: true,
    steps: null,
    hasCache: true,
  };
  const made = estimateOf(config, facts, sizes);
  // The first step also makes the moments, and its memory counts the loading.
  const later = points.slice(1);
  if (process.env.NIGHTSHIFT_EACH)
    console.error(
      points
        .map(
          (p) =>
            `${p.step} ${p.memory_mb} ${p.tokens} ${p.seconds.toFixed(2)} micro ${p.micro_batch}`,
        )
        .join('\n'),
    );
  const seconds = later.map((point) => point.seconds).toSorted((a, b) => a - b)[
    Math.floor((later.length - 1) / 2)
  ];
  return {
    ...one,
    tokens: Math.round(later[0].tokens),
    longest: data.report.lengths.whole.max,
    steps: points.length,
    plannedSteps: made.steps,
    memory: later[0].memory_mb,
    memoryWithSave: later[1].memory_mb,
    memoryAtFirst: points[0].memory_mb,
    predictedMemory: made.memory.bytes / 2 ** 20,
    parts: Object.fromEntries(
      made.memory.parts.map(({ part, bytes }) => [part, Math.round(bytes / 2 ** 20)]),
    ),
    seconds,
    reference: referenceOf(config, facts, sizes),
  };
}

const cases = [
  { base: 'starter', precision: 'fp32', batch: 16, length: 50 },
  { base: 'starter', precision: 'fp32', batch: 64, length: 50 },
  { base: 'starter', precision: 'fp32', batch: 16, length: 240 },
  { base: 'starter', precision: 'fp32', batch: 16, length: 240, micro: 4 },
  { base: 'starter', precision: 'fp32', batch: 16, length: 240, packing: false },
  { base: 'starter', precision: 'fp32', batch: 4, length: 1400 },
  { base: 'starter', precision: 'bf16', batch: 64, length: 50 },
  { base: 'starter', precision: 'bf16', batch: 16, length: 240 },
  { base: 'smollm2', precision: 'bf16', batch: 16, length: 40 },
  { base: 'smollm2', precision: 'bf16', batch: 24, length: 40 },
  { base: 'smollm2', precision: 'bf16', batch: 40, length: 40 },
  { base: 'smollm2', precision: 'bf16', batch: 8, length: 240 },
  { base: 'smollm2', precision: 'bf16', batch: 8, length: 240, micro: 2 },
  { base: 'smollm2', precision: 'bf16', batch: 8, length: 240, packing: false },
  { base: 'smollm2', precision: 'bf16', batch: 2, length: 1000 },
  { base: 'smollm2', precision: 'fp32', batch: 8, length: 100 },
  { base: 'smollm2', precision: 'fp32', batch: 8, length: 100, micro: 2 },
  ...(real === undefined
    ? []
    : [
        { base: 'starter', precision: 'fp32', batch: 16, length: null },
        { base: 'starter', precision: 'bf16', batch: 16, length: null },
        { base: 'smollm2', precision: 'bf16', batch: 16, length: null },
        { base: 'smollm2', precision: 'bf16', batch: 16, length: null, micro: 4 },
      ]),
];
const wanted =
  process.env.NIGHTSHIFT_CASES?.split(',').map(Number) ?? cases.map((_, index) => index);
const bases = {};
const results = [];
try {
  for (const index of wanted) {
    const one = cases[index];
    bases[one.base] ??= await base(one.base);
    const result = await measure(bases[one.base], one, index);
    results.push(result);
    console.error(JSON.stringify(result));
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
const paces = new Map();
for (const one of results) {
  const key = `${one.base} ${one.precision}`;
  paces.set(key, [...(paces.get(key) ?? []), one.seconds / one.reference]);
}
const off = (actual, predicted) =>
  `${actual >= predicted ? '+' : '−'}${Math.abs((actual / predicted - 1) * 100).toFixed(0)} %`;
console.log(
  '| base, precision | batch × tokens of the longest | layout | memory: formula, measured MiB | measured over formula | s a step: formula, measured | measured over formula |\n|---|---|---|---|---|---|---|',
);
for (const one of results) {
  const seconds = one.reference * median(paces.get(`${one.base} ${one.precision}`));
  const layout =
    one.packing === false
      ? 'not packed'
      : one.micro === undefined
        ? 'packed'
        : `packed, micro-batch ${one.micro}`;
  console.log(
    `| ${one.base} ${one.precision} | ${one.batch} × ${one.longest} | ${layout} | ${one.predictedMemory.toFixed(0)}, ${one.memory.toFixed(0)} | ${off(one.memory, one.predictedMemory)} | ${seconds.toFixed(2)}, ${one.seconds.toFixed(2)} | ${off(one.seconds, seconds)} |`,
  );
}
console.log(
  `\nPace (measured over the recorded machine): ${[...paces].map(([key, values]) => `${key} ${median(values).toFixed(2)}`).join(', ')}; load ${os.loadavg()[0].toFixed(1)}.`,
);
if (process.argv[2] !== undefined) writeFileSync(process.argv[2], JSON.stringify(results, null, 2));

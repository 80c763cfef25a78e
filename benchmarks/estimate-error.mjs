#!/usr/bin/env node
/**
 * The estimate of whole passes against what they took: `node benchmarks/estimate-error.mjs [starter|smollm2] [passes] [rows]` on
 * Node 24, after `node scripts/build.mjs`. A real engine trains files of the sample, one after another; for each pass the predicted
 * and the measured seconds, and what was said to be left at a quarter, half and three quarters of its steps.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const [base = 'starter', passes = '3', rows = '400'] = process.argv.slice(2);
const repository = path.resolve(import.meta.dirname, '..');
const root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-estimate-error-'));
const workspace = path.join(root, 'workspace');
mkdirSync(workspace);
const settings =
  base === 'smollm2'
    ? { batch_size: 8, learning_rate: 3e-4 }
    : { batch_size: 16, learning_rate: 1e-3, precision: 'fp32', epochs: 6 };
writeFileSync(path.join(workspace, 'config.json'), JSON.stringify(settings));
const engine = spawn(
  process.execPath,
  [path.join(repository, 'out/engine/engine.mjs'), '--workspace', workspace, '--port', '0'],
  { stdio: 'ignore', env: { ...process.env, NIGHTSHIFT_ROOT: repository } },
);
const cli = (...args) =>
  new Promise((resolve) => {
    let text = '';
    const child = spawn(
      process.execPath,
      [path.join(repository, 'out/cli/cli.mjs'), '--workspace', workspace, '--json', ...args],
      { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, NIGHTSHIFT_ROOT: repository } },
    );
    child.stdout.on('data', (chunk) => (text += chunk));
    child.once('close', (code) => resolve({ code, text }));
  });
const until = async (probe) => {
  for (;;) {
    const found = await probe();
    if (found) return found;
    await wait(500);
  }
};
const json = async (...args) => JSON.parse((await cli(...args)).text || 'null');

/** Questions that differ between the files, with short answers, as in the sample. */
function writeRows(name, from) {
  const lines = Array.from({ length: Number(rows) }, (_, index) => {
    const n = from + index;
    const answer = JSON.stringify({ skill: 'count', value: n, next: n + 1 });
    return JSON.stringify({
      messages: [
        { role: 'user', content: `Please count on from ${n} for the entry number ${n * 7}.` },
        { role: 'assistant', content: answer },
      ],
    });
  });
  const file = path.join(root, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

try {
  await until(async () => (await cli('status')).code === 0);
  await cli('base', 'add', base);
  await until(async () => (await json('config', 'get', 'base_model'))?.value !== '');
  console.log('| pass | steps | predicted | took | error | left said at 25, 50, 75 % (was) |');
  for (let pass = 1; pass <= Number(passes); pass += 1) {
    const file = writeRows(`pass-${pass}.jsonl`, pass * 10_000);
    const added = await json('queue', 'add', file);
    const id = (added.added ?? added)[0].id;
    const folder = path.join(workspace, 'data/datasets', id);
    const said = new Map();
    const kept = await until(async () => {
      const status = await json('status');
      const done = status?.step_of_dataset ?? 0;
      const share = done / Math.max(1, status?.steps_of_dataset ?? 1);
      for (const mark of [0.25, 0.5, 0.75])
        if (share >= mark && !said.has(mark) && status?.eta_seconds != null)
          said.set(mark, { left: status.eta_seconds, at: Date.now() });
      try {
        const estimate = JSON.parse(readFileSync(path.join(folder, 'estimate.json'), 'utf8'));
        return estimate.actual === null ? null : estimate;
      } catch {
        return null;
      }
    });
    const end = Date.now();
    const { predicted, actual } = kept;
    const error = (100 * (actual.seconds / predicted.seconds - 1)).toFixed(0);
    const left = [...said.values()]
      .map((mark) => `${mark.left.toFixed(0)} (${((end - mark.at) / 1000).toFixed(0)})`)
      .join(', ');
    console.log(
      `| ${pass} | ${actual.steps} | ${predicted.seconds.toFixed(0)} s | ${actual.seconds.toFixed(0)} s | ${error} % | ${left} |`,
    );
  }
} finally {
  engine.kill('SIGTERM');
  await new Promise((resolve) => engine.once('exit', resolve));
  rmSync(root, { recursive: true, force: true });
}

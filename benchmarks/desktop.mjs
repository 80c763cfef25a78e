#!/usr/bin/env node
/**
 * The desktop's times (goal G23) on the Electron of the tests: `node benchmarks/desktop.mjs [runs]` on Node 24, everything built.
 * Launch to a page that is connected, with the engine started by it and with one that is already there; engine killed to supervised
 * again (the tray can pause); a click on the tray's Pause to the state paused, beside the duration of a step; answers of the status
 * while it trains (G20).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { connected, ended, found, Scenario, until } from '../tests/desktop/launch.ts';
import { questions } from '../tests/incidents/engine-process.ts';

const runs = Number(process.argv[2] ?? 7);
if (found.runtime === null) {
  console.error(`There is nothing to measure on: ${found.why}`);
  process.exit(1);
}

const rows = [];
function report(what, seconds) {
  const sorted = seconds.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(2);
  rows.push(`| ${what} | ${at(0.5)} | ${at(0)} | ${at(1)} | ${seconds.length} |`);
  console.log(rows.at(-1));
}
const since = (t) => (performance.now() - t) / 1000;
const trayLine = async (scenario) => (await scenario.session.trayMenu())[0]?.label ?? '';
const canPause = (scenario) =>
  until(
    async () =>
      (await scenario.session.trayMenu()).some((entry) => entry.label === 'Pause' && entry.enabled),
    'the tray to offer Pause',
    30_000,
  );
async function ask(scenario, method, path, body) {
  const read = (name) => readFileSync(join(scenario.workspace, name), 'utf8');
  const answer = await fetch(
    `http://127.0.0.1:${JSON.parse(read('.engine.lock')).port}/api${path}`,
    {
      method,
      headers: {
        authorization: `Bearer ${read('.engine.token').trim()}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
  );
  return answer.json();
}

console.log(`Electron ${found.runtime.major}, load ${loadavg()[0].toFixed(1)}\n`);
console.log('| seconds | median | least | most | runs |\n| --- | --- | --- | --- | --- |');

const [cold, attached, again] = [[], [], []];
for (let run = 0; run < runs; run++) {
  const scenario = await Scenario.begin();
  let t = performance.now();
  let launched = await scenario.launch();
  await connected(launched.page);
  cold.push(since(t));
  await canPause(scenario);
  process.kill(launched.pid, 'SIGKILL');
  await ended(launched);
  t = performance.now();
  launched = await scenario.launch();
  await connected(launched.page);
  attached.push(since(t));
  await canPause(scenario);
  const first = scenario.engine();
  t = performance.now();
  process.kill(first, 'SIGKILL');
  await until(() => scenario.engine() !== first && scenario.engine() !== null, 'another engine');
  await canPause(scenario);
  again.push(since(t));
  await scenario.clear();
}
report('launch to connected page, engine started by it', cold);
report('launch to connected page, engine already there', attached);
report('engine killed to supervised again', again);

const scenario = await Scenario.begin();
const quiet = { eval_steps: 100000, preview_steps: 100000, generate_samples: 0 };
writeFileSync(
  join(scenario.workspace, 'config.json'),
  JSON.stringify({ format: 1, batch_size: 16, epochs: 500, ...quiet, disk: { min_free_gb: 0 } }),
);
await scenario.launch();
await canPause(scenario);
await ask(scenario, 'POST', '/setup/base', { base: 'starter', folder: null });
await until(
  async () => (await ask(scenario, 'GET', '/setup')).bases.some((base) => base.state === 'ready'),
  'the starter',
  60_000,
);
const file = join(scenario.folder, 'sums.jsonl');
writeFileSync(
  file,
  questions(400, 7)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join(''),
);
await ask(scenario, 'POST', '/queue/add', { paths: [file] });
const [paused, steps] = [[], []];
for (let run = 0; run < runs; run++) {
  const from = (await ask(scenario, 'GET', '/status')).current_step ?? 0;
  await until(
    async () => ((await ask(scenario, 'GET', '/status')).current_step ?? 0) >= from + 5,
    'five steps',
    60_000,
  );
  const { samples_per_second: rate, batch } = await ask(scenario, 'GET', '/status');
  steps.push(batch / rate.value);
  await until(async () => (await trayLine(scenario)).startsWith('Training'), 'the tray', 20_000);
  const t = performance.now();
  await scenario.session.clickTrayMenu('Pause');
  await until(async () => (await trayLine(scenario)).startsWith('Paused'), 'paused', 30_000);
  paused.push(since(t));
  await scenario.session.clickTrayMenu('Resume');
}
const answers = [];
for (let turn = 0; turn < 500; turn += 1) {
  const t = performance.now();
  await ask(scenario, 'GET', '/status');
  answers.push(since(t));
  await new Promise((done) => setTimeout(done, 20));
}
answers.sort((a, b) => a - b);
const answer = (share) => (answers[Math.floor((answers.length - 1) * share)] * 1000).toFixed(1);
report('click on Pause in the tray to paused', paused);
report('(one step)', steps);
console.log(
  `\nstatus answers while it trains, ms: p50 ${answer(0.5)}, p99 ${answer(0.99)}, most ${answer(1)}, ${answers.length} asked`,
);
await scenario.clear();
process.exit(0);

#!/usr/bin/env node
/**
 * Takes the screenshots for docs/screenshots in Chromium while a real engine trains the sample.
 * `npm run screenshots [-- --model starter|smollm2] [-- --out FOLDER] [-- --files FILE,FILE]`: the
 * files wait in the queue. The trainer is killed once and a version is restored, so that the
 * Dashboard shows a recovery and a branch. Prints the run and the step of each screenshot.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright';

const repository = path.resolve(import.meta.dirname, '..');
const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : process.argv[at + 1];
};
const model = option('model', 'smollm2');
const out = path.resolve(option('out', path.join(repository, 'docs/screenshots')));
const temporary = mkdtempSync(path.join(os.tmpdir(), 'nightshift-screenshots-'));
const workspace = path.join(temporary, 'home-assistant');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, probe, seconds = 300) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`timed out after ${seconds} s waiting for ${what}`);
    await sleep(200);
  }
}

mkdirSync(workspace, { recursive: true });
mkdirSync(out, { recursive: true });
const isStarter = model === 'starter';
writeFileSync(
  path.join(workspace, 'config.json'),
  JSON.stringify({
    format: 1,
    batch_size: isStarter ? 4 : 16,
    epochs: isStarter ? 6 : 3,
    learning_rate: isStarter ? 1e-3 : 3e-4,
    warmup_steps: 4,
    max_length: 512,
    save_steps: 10,
    eval_steps: 10,
    eval_samples: 40,
    generate_samples: 8,
    eval_max_new_tokens: 48,
    preview_steps: 4,
    disk: { min_free_gb: 1 },
  }),
);
const node = path.join(repository, 'node_modules/node/bin/node');
const engine = spawn(
  node,
  [path.join(repository, 'out/engine/engine.mjs'), '--workspace', workspace, '--port', '18080'],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NIGHTSHIFT_DEVICE_LOCKS: path.join(temporary, 'locks') },
  },
);
const lock = path.join(workspace, '.engine.lock');
const { port } = await until(
  'the engine',
  () => {
    if (!existsSync(lock)) return null;
    const holder = JSON.parse(readFileSync(lock, 'utf8'));
    return holder.port ? holder : null;
  },
  30,
);
const token = readFileSync(path.join(workspace, '.engine.token'), 'utf8').trim();
const origin = `http://127.0.0.1:${port}`;
const call = async (method, route, body) => {
  const answer = await fetch(`${origin}/api${route}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${route}: ${await answer.text()}`);
  return answer.json();
};

const browser = await chromium.launch({
  executablePath: process.env.NIGHTSHIFT_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-background-networking',
    '--disable-component-update',
    '--no-first-run',
  ],
});
const pages = [];
for (const theme of ['dark', 'light'])
  for (const [width, height] of [
    [900, 900],
    [1600, 1000],
  ]) {
    const context = await browser.newContext({ colorScheme: theme, viewport: { width, height } });
    const page = await context.newPage();
    const { ticket } = await call('POST', '/tickets', {});
    await page.goto(`${origin}/?ticket=${encodeURIComponent(ticket)}`);
    pages.push({ page, theme, width });
  }

async function shoot(screen) {
  for (const { page, theme, width } of pages) {
    await page.mouse.move(0, 0);
    await sleep(600);
    const status = await call('GET', '/status');
    const file = `${screen}-${theme}-${width}.png`;
    await page.screenshot({ path: path.join(out, file) });
    console.log(
      `${file}  run ${status.run ?? 'none'}  step ${status.current_step ?? 'none'}  ${status.state}`,
    );
  }
}
const open = async (name) => {
  for (const { page } of pages)
    await page.getByRole('navigation').getByRole('link', { name }).click();
};

try {
  await sleep(1500);
  await shoot('first-run');
  await call('POST', '/setup/base', { base: model, folder: null });
  await until(
    'the base model',
    async () => {
      const { bases } = await call('GET', '/setup');
      const failed = bases.find((base) => base.state === 'failed');
      if (failed !== undefined) throw new Error(`${failed.label}: ${failed.message}`);
      return bases.some((base) => base.state === 'ready');
    },
    300,
  );
  await call('POST', '/setup/sample', {});
  await until('training', async () => (await call('GET', '/status')).state === 'training', 180);
  const files = option('files', '')
    .split(',')
    .filter((file) => file !== '')
    .map((file) => path.resolve(file));
  if (files.length > 0) await call('POST', '/queue/add', { paths: files, priority: 'normal' });
  const step = isStarter ? 150 : 24;
  await until(
    `step ${step}`,
    async () => ((await call('GET', '/status')).current_step ?? 0) >= step,
    900,
  );
  await open('Data');
  await shoot('data');
  await open('Queue');
  await shoot('queue');
  const version = await call('POST', '/versions', { description: 'while the sample trains' });
  await open('Models');
  await shoot('models');
  const reachStep = async (branch, step) =>
    until(
      `step ${step} of ${branch}`,
      async () => {
        const now = await call('GET', '/status');
        return now.branch === branch && (now.last_checkpoint_step ?? 0) >= step;
      },
      900,
    );
  process.kill((await call('GET', '/status')).trainer.pid, 'SIGKILL');
  await reachStep('main', version.step + 10);
  for (const { page } of pages) {
    await page.getByRole('button', { name: version.name }).click();
    await page
      .getByRole('complementary', { name: `Details of ${version.name}` })
      .getByRole('button', { name: 'Restore' })
      .click();
    await page.getByRole('button', { name: 'Back up and restore' }).waitFor();
  }
  await shoot('models-restore');
  for (const { page } of pages) await page.keyboard.press('Escape');
  const source = { kind: 'version', name: version.name };
  const plan = await call('POST', '/restore/plan', { source });
  await call('POST', '/restore', { source, plan: plan.id });
  await reachStep('branch-2', version.step + 20);
  await shoot('models-branches');
  await open('Dashboard');
  await shoot('dashboard');
  await open('Config');
  await shoot('config');
} finally {
  await browser.close();
  await call('POST', '/training/stop', { now: true }).catch(() => null);
  await until(
    'the trainer to end',
    async () => !(await call('GET', '/status')).trainer.alive,
    60,
  ).catch(() => null);
  engine.kill('SIGTERM');
  await sleep(1000);
  rmSync(temporary, { recursive: true, force: true });
}

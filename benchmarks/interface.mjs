#!/usr/bin/env node
/**
 * The interface over a branch of a million steps (goals G19, G20): `node benchmarks/interface.mjs [steps]` on Node 24, everything built.
 * A real engine serves the workspace of long-run.mjs; Chromium draws its page at 1600 x 1000 without a GPU. Measured: the engine's start,
 * answers while it still reads, memory and processor when idle; the first draw of the dashboard; frames while zooming and panning, with
 * the processor time of the page's main thread a frame beside them, which other tenants of the machine do not lengthen.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright';
import { writeLongRun } from './long-run.mjs';

const steps = Number(process.argv[2] ?? 1_000_000);
const repository = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'nightshift-interface-'));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const at = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0;
const row = (what, ...cells) => console.log(`| ${[what, ...cells].join(' | ')} |`);

async function startEngine() {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [join(repository, 'out/engine/engine.mjs'), '--workspace', folder, '--port', '0', '--json'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NIGHTSHIFT_DEVICE_LOCKS: join(folder, 'locks') },
    },
  );
  let text = '';
  await new Promise((done) => {
    child.stdout.on('data', (data) => {
      text += data;
      if (text.includes('\n')) done();
    });
  });
  const { port } = JSON.parse(text.slice(0, text.indexOf('\n')));
  const authorization = `Bearer ${readFileSync(join(folder, '.engine.token'), 'utf8').trim()}`;
  const ask = async (method, route) =>
    (
      await fetch(`http://127.0.0.1:${port}/api${route}`, { method, headers: { authorization } })
    ).json();
  const facts = (name, pattern) =>
    Number(pattern.exec(readFileSync(`/proc/${child.pid}/${name}`, 'utf8'))?.[1] ?? 0);
  return {
    child,
    port,
    ask,
    open: (performance.now() - began) / 1000,
    sinceBegin: () => (performance.now() - began) / 1000,
    resident: () => facts('status', /VmRSS:\s+(\d+)/) / 1024,
    processor: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
  };
}

/** Frames and processor time of the page while `act` runs. */
async function watched(page, client, act) {
  const thread = async () => {
    const { metrics } = await client.send('Performance.getMetrics');
    return metrics.find((metric) => metric.name === 'TaskDuration').value * 1000;
  };
  await page.evaluate(() => {
    window.frames_ = [];
    window.long_ = [];
    window.observer_ = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.long_.push(entry.duration);
    });
    window.observer_.observe({ type: 'longtask' });
    let last = performance.now();
    const heartbeat = (t) => {
      window.frames_.push(t - last);
      last = t;
      window.beat_ = requestAnimationFrame(heartbeat);
    };
    window.beat_ = requestAnimationFrame((t) => {
      last = t;
      window.beat_ = requestAnimationFrame(heartbeat);
    });
  });
  const before = await thread();
  await act();
  const spent = (await thread()) - before;
  const { frames, long } = await page.evaluate(() => {
    cancelAnimationFrame(window.beat_);
    window.observer_.disconnect();
    return { frames: window.frames_, long: window.long_ };
  });
  return { frames, long, spent };
}

function report(what, { frames, long, spent }) {
  row(
    what,
    at(frames, 0.5).toFixed(1),
    at(frames, 0.99).toFixed(1),
    Math.max(...frames).toFixed(1),
    frames.filter((frame) => frame > 33.4).length,
    long.length,
    (spent / frames.length).toFixed(1),
    frames.length,
  );
}

console.log(`${steps} steps, load ${loadavg()[0].toFixed(1)}\n`);
await writeLongRun(folder, steps, Math.floor(Date.now() / 1000) - 60);
const engine = await startEngine();
const answers = [];
let complete = null;
while (complete === null && engine.sinceBegin() < 60) {
  const t = performance.now();
  await engine.ask('GET', '/status');
  answers.push(performance.now() - t);
  if (answers.length % 10 === 0 && (await engine.ask('GET', '/metrics?buckets=1')).to >= steps)
    complete = engine.sinceBegin();
  await sleep(10);
}
console.log('| engine | |\n| --- | --- |');
row('door open after, s', engine.open.toFixed(2));
row('whole history read after, s', complete?.toFixed(2) ?? 'not within 60 s');
row(
  'status answers meanwhile, ms (p50, p99, most)',
  `${at(answers, 0.5).toFixed(1)}, ${at(answers, 0.99).toFixed(1)}, ${Math.max(...answers).toFixed(1)}`,
);
await sleep(5000);
const busy = engine.processor();
await sleep(20_000);
row('idle: % of a core', (((engine.processor() - busy) / 20) * 100).toFixed(2));
row('idle: resident, MB', engine.resident().toFixed(0));

const browser = await chromium.launch({
  executablePath: process.env.NIGHTSHIFT_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-background-networking',
    '--disable-component-update',
    '--no-first-run',
  ],
});
const context = await browser.newContext({
  viewport: { width: 1600, height: 1000 },
  colorScheme: 'dark',
});
await context.addInitScript(() => {
  localStorage.setItem('nightshift.range', '"all"');
});
/** A page that never saw the dashboard, then opens it: from the click to the frame that has the curve of all steps. */
async function firstDraw() {
  const page = await context.newPage();
  const { ticket } = await engine.ask('POST', '/tickets');
  await page.goto(`http://127.0.0.1:${engine.port}/?ticket=${encodeURIComponent(ticket)}`);
  // The redirect of the sign-in replaces the fragment.
  await page.goto(`http://127.0.0.1:${engine.port}/#/logs`);
  await page.waitForFunction(() => document.documentElement.dataset.connection === 'live');
  await page.waitForTimeout(1000);
  const took = await page.evaluate(
    (last) =>
      new Promise((done) => {
        const began = performance.now();
        location.hash = '#/dashboard';
        const check = () => {
          const drawn = document.querySelector(
            '[aria-label="Loss"] [role="img"][aria-label^="Chart"]',
          );
          if (drawn?.getAttribute('aria-label').includes(`to ${last.toLocaleString('en-US')}`))
            requestAnimationFrame(() => done(performance.now() - began));
          else requestAnimationFrame(check);
        };
        check();
      }),
    steps,
  );
  return { page, took };
}
const draws = [];
let page = null;
for (let run = 0; run < 7; run += 1) {
  await page?.close();
  const drawn = await firstDraw();
  page = drawn.page;
  draws.push(drawn.took);
}
row(
  'first draw of the dashboard, ms (median, least, most of 7)',
  `${at(draws, 0.5).toFixed(0)}, ${Math.min(...draws).toFixed(0)}, ${Math.max(...draws).toFixed(0)}`,
);

const client = await context.newCDPSession(page);
await client.send('Performance.enable', { timeDomain: 'threadTicks' });
const loss = page.getByRole('region', { name: 'Loss' }).getByRole('img', { name: /^Chart/ });
const box = await loss.boundingBox();
const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
await page.mouse.move(middle.x, middle.y);
console.log(
  '\n| ms | frame p50 | p99 | most | over 33 | long tasks | thread time a frame | frames |\n| --- | --- | --- | --- | --- | --- | --- | --- |',
);
report('nothing moves', await watched(page, client, () => sleep(2000)));
report(
  'crosshair',
  await watched(page, client, async () => {
    for (let i = 0; i < 120; i += 1) await page.mouse.move(box.x + 100 + i * 8, middle.y);
  }),
);
report(
  'zoom in and out by Ctrl and wheel',
  await watched(page, client, async () => {
    await page.mouse.move(middle.x, middle.y);
    await page.keyboard.down('Control');
    for (let turn = 0; turn < 4; turn += 1)
      for (const delta of [-100, 100])
        for (let i = 0; i < 15; i += 1) {
          await page.mouse.wheel(0, delta);
          await sleep(16);
        }
  }),
);
for (let i = 0; i < 8; i += 1) await page.mouse.wheel(0, -100);
await page.keyboard.up('Control');
await sleep(1000);
report(
  'pan by Shift and drag',
  await watched(page, client, async () => {
    await page.keyboard.down('Shift');
    for (let turn = 0; turn < 3; turn += 1) {
      await page.mouse.move(middle.x + 300, middle.y);
      await page.mouse.down();
      for (let i = 0; i < 75; i += 1) await page.mouse.move(middle.x + 300 - i * 8, middle.y);
      await page.mouse.up();
    }
    await page.keyboard.up('Shift');
  }),
);
report(
  'select a range by drag, reset by double-click',
  await watched(page, client, async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await page.mouse.move(middle.x - 200, middle.y);
      await page.mouse.down();
      for (let i = 0; i < 60; i += 1) await page.mouse.move(middle.x - 200 + i * 6, middle.y);
      await page.mouse.up();
      await sleep(400);
      await page.mouse.dblclick(middle.x, middle.y);
      await sleep(400);
    }
  }),
);
await browser.close();
engine.child.kill('SIGTERM');
await new Promise((done) => engine.child.once('exit', done));
rmSync(folder, { recursive: true, force: true });
process.exit(0);

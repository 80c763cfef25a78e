/** A lost connection is reported, old values stay with their time, and the page reconnects automatically. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright';
import { expect, onTestFinished, test } from 'vitest';
import { startScriptedServer } from '../contract/scripted-server.ts';
import { called, live, openBrowser, openPage } from './open-page.ts';
import { dashboardOf } from './pages/dashboard.ts';
import * as frame from './pages/frame.ts';

const repository = path.resolve(import.meta.dirname, '../..');

/** As in a workspace: the next engine knows who is signed in. */
function newSessionsFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'nightshift-sessions-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return path.join(folder, '.engine.sessions');
}

/** The scripted engine in a process of its own, so that it can be killed and stopped as a real one. */
async function startProcess(
  port: number,
  sessionsFile: string,
): Promise<{ child: ChildProcess; link: string }> {
  const child = spawn(
    path.join(repository, 'node_modules/node/bin/node'),
    [
      ...['tests/contract/scripted-server.ts', '--port', String(port)],
      ...['--steps-per-second', '5', '--sessions', sessionsFile],
    ],
    { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  const link = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => {
      reject(new Error(`the scripted engine ended: ${text}`));
    });
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
      const found = /http:\/\/\S+/.exec(text);
      if (found !== null) resolve(found[0]);
    });
  });
  return { child, link };
}

async function signIn(link: string): Promise<Page> {
  const context = await (
    await openBrowser()
  ).newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(link);
  await live(page);
  return page;
}

const color = (page: Page, role: string): Promise<string> =>
  page.evaluate(
    (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim(),
    role,
  );
/** The last step that the loss chart says it shows. */
async function lastStep(page: Page): Promise<number> {
  const text = await dashboardOf(page).lossChart.getAttribute('aria-label');
  return Number((/to ([\d,]+)\./.exec(text ?? '')?.[1] ?? '0').replaceAll(',', ''));
}
async function saysLost(page: Page): Promise<void> {
  await frame.stateCell(page, 'Connection lost').waitFor({ timeout: 8000 });
  // The accent color marks live values, and none are live now.
  await expect.poll(() => color(page, 'accent')).toBe(await color(page, 't2'));
  for (const name of ['Pause', 'Stop'])
    await expect
      .poll(() => page.getByRole('button', { name, exact: true }).isDisabled())
      .toBe(true);
}

test('the page reports a killed engine as lost and reconnects to the next one with complete charts', async () => {
  const sessionsFile = newSessionsFile();
  const first = await startProcess(0, sessionsFile);
  const page = await signIn(first.link);
  await expect.poll(() => lastStep(page), { timeout: 15_000 }).toBeGreaterThan(0);
  const accent = await color(page, 'accent');
  first.child.kill('SIGKILL');
  await saysLost(page);
  const shown = await lastStep(page);
  const port = Number(new URL(first.link).port);
  await startProcess(port, sessionsFile);
  await live(page);
  await frame.stateCell(page, 'Training').waitFor();
  await expect.poll(() => color(page, 'accent')).toBe(accent);
  await expect.poll(() => lastStep(page), { timeout: 15_000 }).toBeGreaterThan(shown);
  // Complete from the first step of the range: fetched again instead of patched.
  const answer = await dashboardOf(page).lossChart.getAttribute('aria-label');
  expect(answer).toMatch(/steps 1 to|steps [\d,]+ to/);
  await expect
    .poll(() => page.getByRole('button', { name: 'Pause', exact: true }).isEnabled(), {
      timeout: 15_000,
    })
    .toBe(true);
});

test('the page detects an engine that hangs with its connection open, and recovers when it continues', async () => {
  const { child, link } = await startProcess(0, newSessionsFile());
  const page = await signIn(link);
  child.kill('SIGSTOP');
  const began = Date.now();
  await saysLost(page);
  expect(Date.now() - began).toBeGreaterThan(2500);
  child.kill('SIGCONT');
  await live(page);
  await frame.stateCell(page, 'Training').waitFor();
  await frame.lostNotice(page).waitFor({ state: 'detached' });
});

test('an engine that exits is reported as lost within seconds, and the page connects to a new one', async () => {
  const sessionsFile = newSessionsFile();
  const { page, server } = await openPage({ sessionsFile });
  const { port } = server;
  await server.close();
  await frame.stateCell(page, 'Connection lost').waitFor({ timeout: 8000 });
  await frame.lostNotice(page).waitFor();
  await page.getByText('Training continues without the window.', { exact: false }).waitFor();
  await expect.poll(() => page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
  // Old values stay, marked as old.
  await page.getByText('last update', { exact: false }).first().waitFor();
  await page.getByText('gsm8k_train.jsonl').first().waitFor();
  const next = await startScriptedServer({ scene: 'paused', port, sessionsFile });
  try {
    await live(page);
    await frame.stateCell(page, 'Paused').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await called(next, 'training.resume');
  } finally {
    await next.close();
  }
});

test('a change that was lost on the way leads to a new snapshot', async () => {
  const { page, server } = await openPage();
  await page.getByText('step 140 of 467', { exact: false }).waitFor();
  server.engine.loseOneChange();
  server.engine.advance(10);
  await page.getByText('step 150 of 467', { exact: false }).waitFor();
});

test('without a ticket there is no page', async () => {
  const { server } = await openPage();
  const answer = await fetch(`http://127.0.0.1:${String(server.port)}/ws`);
  expect(answer.ok).toBe(false);
});

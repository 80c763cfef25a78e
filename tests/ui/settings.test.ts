/**
 * Settings, Health, Help, diagnostics and the list of keys, in a browser: what is shown, what is
 * asked of the engine.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { called, callsOf, live, openPage, seriousFindings } from './open-page.ts';
import * as frame from './pages/frame.ts';
import * as health from './pages/health.ts';

test('settings: the theme changes at once, single-key shortcuts can be off, desktop settings are referred to', async () => {
  const { page, complaints } = await openPage({ at: '#/settings' });
  await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
  await page.getByRole('radiogroup', { name: 'Theme' }).getByText('Light').click();
  await page.waitForFunction(
    () => document.documentElement.dataset['mantineColorScheme'] === 'light',
  );
  await page.getByText('are settings of the desktop application', { exact: false }).waitFor();
  await expect.poll(() => page.getByLabel('Start Nightshift at login').count()).toBe(0);
  await page.getByRole('checkbox', { name: 'Single-key shortcuts' }).uncheck();
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await page.keyboard.press('?');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
  // Persisted across a reload, and Ctrl shortcuts still work.
  await page.reload();
  await page.keyboard.press('Control+,');
  await expect
    .poll(() => page.getByRole('checkbox', { name: 'Single-key shortcuts' }).isChecked())
    .toBe(false);
  expect(complaints).toEqual([]);
});

test('settings: a browser never gets the token, and a link is only shown on request', async () => {
  const { page, server } = await openPage({ at: '#/settings' });
  await page.getByText(`http://127.0.0.1:${String(server.port)}/`).waitFor();
  await page.getByText('Memory endpoint: off.').waitFor();
  expect(await page.content()).not.toContain(server.token);
  await page.getByText('In a terminal: nightshift token').waitFor();
  expect(await page.getByRole('button', { name: 'Show token' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Create a one-time link' }).click();
  const link = await page.getByLabel('One-time link').innerText();
  const answer = await fetch(link, { redirect: 'manual' });
  expect(answer.status).toBe(303);
  const box = page.getByRole('checkbox', { name: /can be read without a token/ });
  await box.click();
  expect(await called(server, 'config.set')).toMatchObject({
    key: 'monitor.open_status',
    value: false,
  });
  // It shows what the engine has, so it changes after the answer.
  await expect.poll(() => box.isChecked()).toBe(false);
});

test('issue 11, 8: signed in over a reload and in a second page, until the browser is signed out', async () => {
  const { page, server } = await openPage();
  expect(page.url()).not.toContain('page-key');
  await page.reload();
  await live(page);
  const second = await page.context().newPage();
  await second.goto(`http://127.0.0.1:${String(server.port)}/#/settings`);
  await live(second);
  await second.getByText('This browser, last used').waitFor();
  await second.getByRole('button', { name: /^Sign out/ }).click();
  for (const open of [page, second]) await open.getByText('is not signed in').waitFor();
});

test('health: a check with its evidence, a crash with its log, costs and disk', async () => {
  const { page, server } = await openPage({ at: '#/health' });
  await page.getByText('5 checks passed', { exact: false }).waitFor();
  await page.getByText('212.4 GB free, floor 50 GB.').waitFor();
  await health.runAllChecks(page).click();
  await called(server, 'health.run');
  await page.getByText('3 in 30 days, 40 steps lost', { exact: false }).waitFor();
  await health.crash(page, 'gpu_out_of_memory_context_lost').click();
  await page.getByText('Tried to allocate 1.16 GiB', { exact: false }).waitFor();
  await page
    .getByText('Training resumed after 14\u00a0s from step 1,000.', { exact: false })
    .waitFor();
  await page.getByText('Save stalls').waitFor();
  await health.overhead(page).waitFor();
  await page.getByRole('cell', { name: '21.6\u00a0GB' }).waitFor();
});

test('a notice of a crash opens health', async () => {
  const { page, server } = await openPage();
  const now = Date.now() / 1000;
  server.engine.change({
    notices: [
      {
        id: 'n-crash',
        t: now,
        kind: 'crash_recovered',
        tone: 'warn',
        title: 'Recovered in 14 s',
        body: 'Continued at step 1,000.',
        opens: 'health',
        dismissed: false,
      },
    ],
  });
  await page.getByRole('button', { name: 'Open Health' }).click();
  await page.getByRole('heading', { name: 'Health', level: 1 }).waitFor();
});

test('help is searched with /, and says what a category means', async () => {
  const { page } = await openPage({ at: '#/help' });
  await page.getByRole('heading', { name: 'Help', level: 1 }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('fallen off');
  await page.getByText('No topic matches').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.type('gpu_lost');
  await page.getByText('the GPU no longer responds', { exact: false }).waitFor();
  await expect.poll(() => page.getByRole('article').count()).toBe(1);
});

test('? lists the keys; G with a letter reaches every screen', async () => {
  const { page } = await openPage();
  await page.getByRole('heading', { name: 'Dashboard', level: 1 }).waitFor();
  await page.keyboard.press('?');
  const list = frame.shortcutList(page);
  await list.getByText('Pause or resume').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await list.waitFor({ state: 'detached' });
  for (const [letter, name] of [
    ['h', 'Health'],
    ['s', 'Settings'],
    ['e', 'Help'],
    ['q', 'Queue'],
    ['l', 'Logs'],
  ] as const) {
    await page.keyboard.press('g');
    await page.keyboard.press(letter);
    await page.getByRole('heading', { name, level: 1 }).waitFor();
  }
});

test('diagnostics: the list first, then one file with what was listed', async () => {
  const { page, server } = await openPage({ at: '#/logs' });
  await page.getByRole('button', { name: 'Save diagnostics' }).click();
  const dialog = page.getByRole('dialog', { name: 'Save diagnostics' });
  await dialog.getByText('logs/engine_20261124.log').waitFor();
  await dialog.getByText('3 lines omitted', { exact: false }).waitFor();
  expect(callsOf(server, 'diagnostics.bundle')).toEqual([]);
  expect(await seriousFindings(page)).toEqual([]);
  await dialog.getByRole('checkbox').check();
  await called(server, 'diagnostics.list', 2);
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Save file' }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toMatch(/^nightshift-diagnostics-\d{8}\.tar\.gz$/);
  expect(readFileSync(await saved.path(), 'utf8')).toBe('bundle, names true');
});

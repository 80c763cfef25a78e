/** The dashboard: every figure that is promised, live, and the commands of the header. */
import { expect, test } from 'vitest';
import type { Page } from 'playwright';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, callsOf, openStage } from './open-page.ts';

const state = (page: Page, word: string) => page.locator(`[data-state="${word}"]`).waitFor();

test('state, step, losses, gap, rate, speed, time left, tags, matches, preview and machine are there', async () => {
  const { page, complaints } = await openStage();
  await state(page, 'Training');
  const head = page.getByRole('banner');
  await head.getByText('step 1,240').waitFor();
  await head.getByText('step 140 of 467, saved to 100').waitFor();
  await head.getByText('24 min left', { exact: false }).waitFor();
  const dash = page.getByRole('region', { name: 'Dashboard' });
  const words = async (name: string) =>
    dash
      .locator('.ro, .small, section, .sc')
      .filter({ has: page.getByRole('heading', { name, exact: true }) })
      .last()
      .innerText();
  expect(await words('Validation loss')).toContain('0.531');
  expect(await words('Gap')).toContain('+0.034');
  expect(await words('Learning rate')).toMatch(/2(\.0+)?e-4|0\.0002/);
  expect(await words('Tokens per second')).toContain('812');
  expect(await words('Exact match')).toContain('41 of 64');
  expect(await words('Think tags')).toContain('0');
  await dash.getByText('A pack of pens costs 4 dollars', { exact: false }).waitFor();
  for (const gauge of ['GPU', 'VRAM', 'Disk free']) await head.getByText(gauge).waitFor();
  expect(complaints).toEqual([]);
});

test('a step that is trained moves step, progress and curve without a reload', async () => {
  const { page, server } = await openStage();
  await page.getByText('step 140 of 467', { exact: false }).waitFor();
  const chart = page.locator('.d-loss [role=img]');
  const before = await chart.getAttribute('aria-label');
  server.engine.advance(60);
  await page.getByText('step 200 of 467', { exact: false }).waitFor();
  await page.waitForFunction(
    (old) => document.querySelector('.d-loss [role=img]')?.getAttribute('aria-label') !== old,
    before,
  );
  expect(await chart.getAttribute('aria-label')).toMatch(/1,300/);
});

test('the curve can be read as a table', async () => {
  const { page } = await openStage();
  await page.getByRole('button', { name: 'Show as table' }).click();
  const table = page.getByRole('dialog', { name: 'Loss as a table' });
  expect(await table.getByRole('row').count()).toBeGreaterThan(20);
  await page.keyboard.press('Escape');
  await table.waitFor({ state: 'detached' });
});

test('arrows move the crosshair and its values follow', async () => {
  const { page } = await openStage();
  await page.locator('.d-loss [role=img]').focus();
  await page.keyboard.press('ArrowLeft');
  const tip = page.getByRole('tooltip');
  await tip.waitFor();
  const first = await tip.innerText();
  expect(first).toContain('Training, smoothed');
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowLeft');
  await page.waitForFunction(
    (old) => document.querySelector('[role=tooltip]')?.textContent !== old,
    first,
  );
  const box = await tip.boundingBox();
  expect(box?.x).toBeGreaterThan(0);
});

test('pause and resume go to the engine in the name of the window', async () => {
  const { page, server } = await openStage();
  await page.getByRole('button', { name: 'Pause' }).click();
  expect(await called(server, 'training.pause')).toEqual({ by: 'you (window)' });
  await state(page, 'Paused');
  await page.getByRole('button', { name: 'Resume' }).click();
  expect(await called(server, 'training.resume')).toEqual({ by: 'you (window)' });
  await state(page, 'Training');
});

test('the keyboard pauses, stops and changes the screen', async () => {
  const { page, server } = await openStage();
  await page.keyboard.press('Control+Shift+KeyP');
  await called(server, 'training.pause');
  await page.keyboard.press('g');
  await page.keyboard.press('q');
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  await page.keyboard.press('Control+.');
  await page.getByRole('dialog', { name: 'Stop training' }).waitFor();
});

test.each([
  ['After this dataset', 'Stop after this dataset', 'training.stop', { now: false }],
  ['Now, with a checkpoint', 'Stop now', 'training.stop', { now: true }],
  ['Skip this dataset', 'Skip this dataset', 'training.skip', {}],
])('stop: %s', async (choice, button, path, input) => {
  const { page, server } = await openStage();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Stop training' });
  await dialog.getByRole('radio', { name: choice }).check();
  await dialog.getByRole('button', { name: button }).click();
  expect(await called(server, path)).toEqual({ ...input, by: 'you (window)' });
  await dialog.waitFor({ state: 'detached' });
});

test('canceled, the stop dialog asks nothing of the engine', async () => {
  const { page, server } = await openStage();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog', { name: 'Stop training' }).waitFor({ state: 'detached' });
  expect(callsOf(server, 'training.stop')).toEqual([]);
});

test('a refused command says why and what to do, until it is closed', async () => {
  const { page, server } = await openStage();
  server.engine.refuseNext(
    'training.pause',
    new Refusal('NOT_READY', 'The trainer is not there yet.', { next: 'Wait for the first step.' }),
  );
  await page.getByRole('button', { name: 'Pause' }).click();
  const notice = page.getByRole('alert').filter({ hasText: 'The trainer is not there yet.' });
  await notice.getByText('Wait for the first step.').waitFor();
  await notice.getByRole('button', { name: 'Close' }).click();
  await notice.waitFor({ state: 'detached' });
});

test('a command that has not been acted on shows its age', async () => {
  const { page, server } = await openStage();
  const { status } = server.engine.rooms();
  server.engine.change({
    status: { ...status, pending: { verb: 'pause', t: Date.now() / 1000 - 3, by: 'you' } as never },
  });
  await page.getByText(/pausing, [3-9]\ss/).waitFor();
  expect(await page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
});

test('recovering, failed, stopped and idle say what they are and what can be done', async () => {
  const { page, server } = await openStage({ scene: 'recovering' });
  await state(page, 'Recovering');
  await page.getByText('The trainer crashed: killed by SIGKILL.').waitFor();
  await page.getByText('attempt 1 of 3 without progress').waitFor();
  server.engine.play('failed');
  await state(page, 'Failed');
  await page.getByText('CUDA out of memory at micro batch 1.').waitFor();
  server.engine.play('stopped');
  await state(page, 'Stopped');
  server.engine.play('idle');
  await state(page, 'Idle');
  expect(await page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
});

test('a heartbeat that stays away is not called training', async () => {
  const { page, server } = await openStage();
  const { status } = server.engine.rooms();
  server.engine.change({
    status: { ...status, trainer: { ...status.trainer, heartbeat_age_s: 30 } },
  });
  await state(page, 'Unknown');
  await page.getByText('no heartbeat for', { exact: false }).waitFor();
});

test('a notice opens its screen and is dismissed', async () => {
  const { page, server } = await openStage();
  const [first] = server.engine.rooms().notices;
  if (first === undefined) throw new Error('the scene has no notice');
  server.engine.change({ notices: [{ ...first, opens: 'queue' }] });
  await page.getByRole('button', { name: 'Open Queue' }).click();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  await page.getByRole('button', { name: `Dismiss: ${first.title}` }).click();
  expect(await called(server, 'notices.dismiss')).toEqual({ id: first.id });
  await page.getByText(first.title).waitFor({ state: 'detached' });
});

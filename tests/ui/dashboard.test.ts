/** The dashboard: its live values, its charts, and the commands of the header. */
import { expect, test } from 'vitest';
import type { Page } from 'playwright';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, callsOf, openPage } from './open-page.ts';
import { dashboardOf } from './pages/dashboard.ts';

const state = (page: Page, word: string) => page.locator(`[data-state="${word}"]`).waitFor();

test('shows state, step, losses, gap, learning rate, speed, time left, evaluations, preview and machine', async () => {
  const { page, complaints } = await openPage();
  await state(page, 'Training');
  const head = page.getByRole('banner');
  await head.getByText('step 1,240').waitFor();
  await head.getByText('step 140 of 467, saved to 100').waitFor();
  await head.getByText('24 min left', { exact: false }).waitFor();
  const dashboard = dashboardOf(page);
  await expect.poll(() => dashboard.textOf('Validation (this dataset)')).toContain('0.531');
  await expect.poll(() => dashboard.textOf('Validation (fixed set)')).toContain('0.604');
  await expect.poll(() => dashboard.textOf('Gap')).toContain('+0.034');
  await expect.poll(() => dashboard.textOf('Learning rate')).toMatch(/2(\.0+)?e-4|0\.0002/);
  await expect.poll(() => dashboard.textOf('Tokens per second')).toContain('812');
  await expect.poll(() => dashboard.textOf('Exact match')).toContain('41 of 64');
  await expect.poll(() => dashboard.textOf('Think tags')).toContain('0');
  await dashboard.body.getByText('A pack of pens costs 4 dollars', { exact: false }).waitFor();
  for (const gauge of ['GPU', 'VRAM', 'Disk free']) await head.getByText(gauge).waitFor();
  expect(complaints).toEqual([]);
});

test('the labels of the chart repeat the numbers of the readouts, however the slider is set', async () => {
  const { page, server } = await openPage();
  const dashboard = dashboardOf(page);
  const label = () => dashboard.lossChart.getAttribute('aria-label');
  await expect.poll(() => dashboard.textOf('Training loss')).toContain('0.497');
  await expect
    .poll(label)
    .toContain('Chart: this dataset loss 0.531 and training loss 0.497, steps');
  await expect.poll(() => dashboard.textOf('Validation (this dataset)')).toContain('bf16 weights');
  await dashboard.body.getByRole('slider', { name: 'Smoothing' }).press('End');
  await expect
    .poll(() => callsOf(server, 'metrics.curves'))
    .toContainEqual(expect.objectContaining({ smoothing: 0.99 }));
  await dashboard.lossChart.focus();
  await page.keyboard.press('ArrowLeft');
  await expect.poll(() => dashboard.tooltip.innerText()).toContain('Training, smoothing 0.99');
  expect(await label()).toContain('training loss 0.497, steps');
});

test('a new step moves step, progress and curve without a reload', async () => {
  const { page, server } = await openPage();
  const { lossChart } = dashboardOf(page);
  await page.getByText('step 140 of 467', { exact: false }).waitFor();
  const before = (await lossChart.getAttribute('aria-label')) ?? '';
  server.engine.advance(60);
  await page.getByText('step 200 of 467', { exact: false }).waitFor();
  await expect.poll(() => lossChart.getAttribute('aria-label')).not.toBe(before);
  await expect.poll(() => lossChart.getAttribute('aria-label')).toMatch(/1,300/);
});

test('the curve is available as a table', async () => {
  const { page } = await openPage();
  const table = await dashboardOf(page).openTable();
  await expect.poll(() => table.getByRole('row').count()).toBeGreaterThan(20);
  await page.keyboard.press('Escape');
  await table.waitFor({ state: 'detached' });
});

test('arrow keys move the crosshair and its values', async () => {
  const { page } = await openPage();
  const { lossChart, tooltip } = dashboardOf(page);
  await lossChart.focus();
  await page.keyboard.press('ArrowLeft');
  await tooltip.waitFor();
  const first = await tooltip.innerText();
  expect(first).toContain('Training, smoothing 0.60');
  for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowLeft');
  await expect.poll(() => tooltip.innerText()).not.toBe(first);
  expect((await tooltip.boundingBox())?.x).toBeGreaterThan(0);
});

test('a drag selects a range and a double-click resets it, as plus and 0 do from the keyboard', async () => {
  const { page, complaints } = await openPage();
  const { lossChart, resetZoom } = dashboardOf(page);
  await lossChart.waitFor();
  const box = await lossChart.boundingBox();
  if (box === null) throw new Error('the chart has no size');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + 200, y);
  await page.mouse.down();
  await page.mouse.move(box.x + 300, y, { steps: 5 });
  await page.mouse.up();
  await resetZoom.waitFor();
  await page.mouse.dblclick(box.x + 250, y);
  await resetZoom.waitFor({ state: 'detached' });
  await lossChart.focus();
  await page.keyboard.press('+');
  await resetZoom.waitFor();
  await page.keyboard.press('0');
  await resetZoom.waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
});

test('Ctrl and the wheel zoom; the wheel alone scrolls the page', async () => {
  const { page } = await openPage({ width: 900, height: 600 });
  const { body, lossChart, resetZoom } = dashboardOf(page);
  await lossChart.waitFor();
  const box = await lossChart.boundingBox();
  if (box === null) throw new Error('the chart has no size');
  await page.mouse.move(box.x + 200, box.y + 100);
  await page.mouse.wheel(0, 60);
  await expect.poll(() => body.evaluate((element) => element.scrollTop)).toBeGreaterThan(0);
  await expect.poll(() => resetZoom.count()).toBe(0);
  await body.evaluate((element) => {
    element.scrollTop = 0;
  });
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -100);
  await resetZoom.waitFor();
  // Zoomed out again, the chart follows new steps.
  for (let turn = 0; turn < 4; turn++) await page.mouse.wheel(0, 100);
  await resetZoom.waitFor({ state: 'detached' });
  await page.keyboard.up('Control');
});

test('Pause and Resume send their commands on behalf of the window', async () => {
  const { page, server } = await openPage();
  await page.getByRole('button', { name: 'Pause' }).click();
  expect(await called(server, 'training.pause')).toEqual({ by: 'you (window)' });
  await state(page, 'Paused');
  await page.getByRole('button', { name: 'Resume' }).click();
  expect(await called(server, 'training.resume')).toEqual({ by: 'you (window)' });
  await state(page, 'Training');
});

test('keyboard shortcuts pause, stop and change the screen', async () => {
  const { page, server } = await openPage();
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
  const { page, server } = await openPage();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Stop training' });
  await dialog.getByRole('radio', { name: choice }).check();
  await dialog.getByRole('button', { name: button }).click();
  expect(await called(server, path)).toEqual({ ...input, by: 'you (window)' });
  await dialog.waitFor({ state: 'detached' });
});

test('a canceled stop dialog sends no command', async () => {
  const { page, server } = await openPage();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog', { name: 'Stop training' }).waitFor({ state: 'detached' });
  expect(callsOf(server, 'training.stop')).toEqual([]);
});

test('a refused command shows the reason and the next step until it is closed', async () => {
  const { page, server } = await openPage();
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

test('a pending command shows its age', async () => {
  const { page, server } = await openPage();
  const { status } = server.engine.rooms();
  server.engine.change({
    status: { ...status, pending: { verb: 'pause', t: Date.now() / 1000 - 3 } },
  });
  await page.getByText(/pausing, [3-9]\ss/).waitFor();
  await expect.poll(() => page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
});

test('Recovering, Failed, Stopped and Idle explain the state', async () => {
  const { page, server } = await openPage({ scene: 'recovering' });
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
  await expect.poll(() => page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
});

test('without a heartbeat the state is Unknown, not Training', async () => {
  const { page, server } = await openPage();
  const { status } = server.engine.rooms();
  server.engine.change({
    status: { ...status, trainer: { ...status.trainer, heartbeat_age_s: 30 } },
  });
  await state(page, 'Unknown');
  await page.getByText('no heartbeat for', { exact: false }).waitFor();
});

test('a notice opens its screen and can be dismissed', async () => {
  const { page, server } = await openPage();
  const [first] = server.engine.rooms().notices;
  if (first === undefined) throw new Error('the scene has no notice');
  // Information is not kept on the screen.
  const information = { ...first, id: 'n-info', tone: 'info' as const, title: 'All went well' };
  server.engine.change({ notices: [{ ...first, tone: 'warn', opens: 'queue' }, information] });
  await page.getByRole('button', { name: 'Open Queue' }).click();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  expect(await page.getByRole('button', { name: /^Dismiss: / }).count()).toBe(1);
  await page.getByRole('button', { name: `Dismiss: ${first.title}` }).click();
  expect(await called(server, 'notices.dismiss')).toEqual({ id: first.id });
  await page.getByText(first.title).waitFor({ state: 'detached' });
});

test('the answers of every evaluation of the dataset are a table', async () => {
  const { page } = await openPage();
  await dashboardOf(page).body.getByRole('button', { name: 'All answers' }).click();
  const dialog = page.getByRole('dialog', { name: 'Answers: gsm8k_train.jsonl' });
  const results = dialog.getByRole('table', { name: 'Answers' }).locator('td:first-child');
  await expect.poll(() => results.allInnerTexts()).toEqual(['wrong', 'unfinished', 'matches']);
  await dialog
    .getByLabel('Evaluation')
    .selectOption('step 1,100, before the first step: 0 of 3 match, 1 unfinished');
  await expect.poll(() => results.allInnerTexts()).toEqual(['wrong', 'wrong', 'unfinished']);
});

test('an event opens the screen that shows more about it', async () => {
  const { page } = await openPage();
  const events = dashboardOf(page).body.getByRole('list', { name: 'Events, newest first' });
  await events.getByRole('link', { name: /v001_sample was kept/ }).click();
  await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
});

test('the batch is that of the dataset in training, not that of the settings', async () => {
  const { page, server } = await openPage();
  const { status } = server.engine.rooms();
  server.engine.change({ status: { ...status, batch: 8 } });
  await dashboardOf(page).body.getByText('micro-batch 8, effective 8').waitFor();
});

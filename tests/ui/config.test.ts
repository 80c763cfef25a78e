/**
 * The config screen: nothing is applied while typing; locks, staging, consent, drift and search.
 */
import { expect, test } from 'vitest';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, callsOf, openPage } from './open-page.ts';
import { configOf } from './pages/config.ts';

test('a change is shown as a diff, saved on request, and gone when discarded', async () => {
  const { page, server } = await openPage({ at: '#/config' });
  await page.getByLabel('Restart limit').fill('5');
  await configOf(page).changes.getByText('watchdog.restart_limit').waitFor();
  await configOf(page).unsaved.getByRole('button', { name: 'Discard' }).click();
  await expect.poll(() => page.getByLabel('Restart limit').inputValue()).toBe('3');
  await page.getByLabel('Restart limit').fill('5');
  expect(callsOf(server, 'config.set')).toEqual([]);
  await configOf(page).save.click();
  expect(await called(server, 'config.set')).toMatchObject({
    key: 'watchdog.restart_limit',
    value: 5,
    stage: false,
  });
  await configOf(page).field('watchdog.restart_limit').getByText('default').waitFor();
  await configOf(page)
    .field('watchdog.restart_limit')
    .getByRole('button', { name: /to its default/ })
    .click();
  await expect.poll(() => page.getByLabel('Restart limit').inputValue()).toBe('3');
});

test('a locked setting shows why, its change is staged for the next dataset and can be unstaged', async () => {
  const { page, server } = await openPage({ at: '#/config' });
  const row = configOf(page).field('batch_size');
  await row.getByText('locked').waitFor();
  await expect
    .poll(() => row.getByText('locked').getAttribute('title'))
    .toContain('gsm8k_train.jsonl');
  await page.getByLabel('Batch size', { exact: true }).fill('32');
  await row.getByText('16 until this dataset ends, then 32').waitFor();
  await configOf(page).stage.click();
  expect(await called(server, 'config.set')).toMatchObject({
    key: 'batch_size',
    value: 32,
    stage: true,
  });
  await row.getByText('staged').waitFor();
  await row.getByRole('button', { name: 'Unstage Batch size' }).click();
  expect(await called(server, 'config.unstage')).toEqual({ key: 'batch_size' });
  await row.getByText('locked').waitFor();
});

test('a change with consequences asks first; canceled, nothing is sent', async () => {
  const { page, server } = await openPage({ scene: 'idle', at: '#/config' });
  await page.getByLabel('Max length').fill('8,192');
  const save = configOf(page).save;
  await save.click();
  const dialog = page.getByRole('dialog', { name: 'Change max_length' });
  await dialog.getByText('Queued files are re-validated', { exact: false }).waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(callsOf(server, 'config.set')).toEqual([]);
  await save.click();
  await dialog.getByRole('button', { name: 'Change now' }).click();
  expect(await called(server, 'config.set')).toMatchObject({
    key: 'max_length',
    value: 8192,
    confirm: 'max_length',
  });
});

test('the bar that saves stays in view and says what applies now and what later', async () => {
  const { page, server } = await openPage({ at: '#/config', width: 900, height: 600 });
  await expect.poll(() => configOf(page).unsaved.count()).toBe(0);
  await page.getByLabel('Batch size', { exact: true }).fill('32');
  const last = configOf(page).fields.last();
  await page.getByLabel('Restart limit').fill('5');
  await last.scrollIntoViewIfNeeded();
  const save = configOf(page).unsaved.getByRole('button', {
    name: 'Save 1 now, 1 from the next dataset',
  });
  await save.waitFor();
  const box = await configOf(page).unsaved.boundingBox();
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(600);
  await save.click();
  await expect
    .poll(() => callsOf(server, 'config.set'))
    .toEqual([
      expect.objectContaining({ key: 'batch_size', stage: true }),
      expect.objectContaining({ key: 'watchdog.restart_limit', stage: false }),
    ]);
  await configOf(page).unsaved.waitFor({ state: 'detached' });
});

test('the confirmation of max_length names the files that it refuses', async () => {
  const { page } = await openPage({ scene: 'idle', at: '#/config' });
  await page.getByLabel('Max length').fill('64');
  await configOf(page).save.click();
  const dialog = page.getByRole('dialog', { name: 'Change max_length' });
  await dialog
    .getByText(/^Refuses support_tickets_2026-11\.jsonl \([\d,]+ of [\d,]+ rows over max_length\)/)
    .waitFor();
});

test('an invalid value is reported at the field and cannot be saved', async () => {
  const { page } = await openPage({ at: '#/config' });
  await page.getByLabel('Epochs').fill('0');
  await configOf(page).field('epochs').getByText('Epochs: must be at least 1.').waitFor();
  await expect.poll(() => configOf(page).save.isDisabled()).toBe(true);
  await configOf(page).unsaved.getByText('1 setting is invalid.').waitFor();
});

test('a refused change keeps the typed value', async () => {
  const { page, server } = await openPage({ at: '#/config' });
  server.engine.refuseNext(
    'config.set',
    new Refusal('LOCKED', 'epochs is locked: a.jsonl is being trained with 1.', {
      next: 'Stage it for the next dataset.',
    }),
  );
  await page.getByLabel('Epochs').fill('3');
  await configOf(page).save.click();
  await page.getByRole('alert').getByText('epochs is locked', { exact: false }).waitFor();
  await expect.poll(() => page.getByLabel('Epochs').inputValue()).toBe('3');
});

test('an edit of config.json outside the app is reported and can be reverted', async () => {
  const { page, server } = await openPage({ at: '#/config' });
  const { config } = server.engine.rooms();
  server.engine.change({
    config: { ...config, drift: [{ key: 'learning_rate', running: 2e-5, file: 3e-5 }] },
  });
  await page.getByText('config.json was edited outside Nightshift.').waitFor();
  await page.getByText('2e-5 to 3e-5', { exact: false }).waitFor();
  await page.getByRole('button', { name: 'Revert learning_rate to 2e-5' }).click();
  expect(await called(server, 'config.unstage')).toEqual({ key: 'learning_rate' });
});

test('search and Changed only filter the settings', async () => {
  const { page } = await openPage({ at: '#/config' });
  const rows = configOf(page).fields;
  const all = await rows.count();
  expect(all).toBeGreaterThan(40);
  await page.keyboard.press('/');
  await page.keyboard.type('norm');
  await configOf(page).field('max_grad_norm').waitFor();
  await expect.poll(() => rows.count()).toBe(1);
  await page.keyboard.press('Escape');
  await page.getByRole('checkbox', { name: 'Changed only' }).check();
  await configOf(page).field('base_model').waitFor();
  await expect.poll(() => rows.count()).toBe(1);
  await page.getByLabel('Search settings').fill('xid');
  await page.getByText('No setting matches “xid”.').waitFor();
  await page.getByRole('button', { name: 'Show all settings' }).click();
  await expect.poll(() => rows.count()).toBe(all);
});

test('the base model is selected from the ready ones, and others can be added', async () => {
  const { page, server } = await openPage({ at: '#/config' });
  const base = configOf(page).field('base_model');
  await base.getByRole('combobox', { name: 'Base model' }).click();
  await page.getByRole('option', { name: 'smollm2' }).waitFor();
  await expect.poll(() => page.getByRole('option', { name: 'starter' }).count()).toBe(0);
  await page.keyboard.press('Escape');
  await base.getByText('Add a base model').click();
  await base.getByRole('button', { name: 'Add Starter' }).click();
  expect(await called(server, 'setup.choose')).toEqual({ base: 'starter', folder: null });
  const copy = base.getByRole('button', { name: 'Copy folder' });
  await expect.poll(() => copy.isDisabled()).toBe(true);
  await base.getByLabel('Local model folder').fill(' /models/mine ');
  await copy.click();
  await expect
    .poll(() => callsOf(server, 'setup.choose').at(-1))
    .toEqual({ base: 'folder', folder: '/models/mine' });
});

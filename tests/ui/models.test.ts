/** The models screen: the lineage, a version's details, two compared, and what is made, pinned, verified and deleted by hand. */
import { expect, test } from 'vitest';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, callsOf, openStage } from './open-page.ts';

test('the newest version is open; another is chosen by click and by arrows', async () => {
  const { page, complaints } = await openStage({ at: '#/models' });
  await page.getByRole('complementary', { name: 'Details of v002_faq' }).waitFor();
  await page.getByRole('button', { name: 'v001_sample' }).click();
  const details = page.getByRole('complementary', { name: 'Details of v001_sample' });
  await details.getByText('19 of 20').waitFor();
  await page.getByRole('region', { name: 'Versions' }).focus();
  await page.keyboard.press('ArrowUp');
  await page.getByRole('complementary', { name: 'Details of v002_faq' }).waitFor();
  const chart = page.getByRole('img', { name: /v002_faq at step 1,180 with 0\.187/ });
  await chart.waitFor();
  expect(complaints).toEqual([]);
});

test('two versions are compared: figures, datasets between them, settings', async () => {
  const { page } = await openStage({ at: '#/models' });
  await page.getByRole('button', { name: 'Compare two' }).click();
  const dialog = page.getByRole('dialog', { name: 'Compare two versions' });
  const figures = dialog.getByRole('table', { name: 'Figures' });
  const row = figures.getByRole('row', { name: /Validation loss/ });
  expect(await row.innerText()).toMatch(/0\.211\s+0\.187\s+−0\.024/);
  const where = figures.getByRole('row', { name: /Measured at step/ });
  expect(await where.innerText()).toMatch(/—\s+1,180/);
  await dialog.getByText('1 dataset: faq.jsonl.').waitFor();
  const settings = dialog.getByRole('table', { name: 'Settings that differ' });
  expect(await settings.innerText()).toMatch(/learning_rate\s+0\.0002\s+0\.0001/);
  expect(await settings.getByRole('row').count()).toBe(1);
});

test('a version is made by hand with a description; a refusal says why', async () => {
  const { page, server } = await openStage({ at: '#/models' });
  const create = page.getByRole('button', { name: 'Create version' });
  await create.click();
  const dialog = page.getByRole('dialog', { name: 'Create version' });
  const make = dialog.getByRole('button', { name: 'Create version' });
  expect(await make.isDisabled()).toBe(true);
  await dialog.getByLabel('Description').fill('  before the holidays ');
  await make.click();
  expect(await called(server, 'versions.create')).toEqual({
    description: 'before the holidays',
    by: 'you (window)',
  });
  const details = page.getByRole('complementary', { name: 'Details of v003_by-hand' });
  await details.getByText('0.187, measured at step 1,180').waitFor();
  // In the list the step stands beside the figure only where it is another than the version's own.
  const versions = page.getByRole('region', { name: 'Versions' });
  const cells = await versions.getByRole('row', { name: /v00[23]/ }).allInnerTexts();
  expect(cells.map((cell) => /at 1,180/.test(cell))).toEqual([true, false]);
  server.engine.refuseNext(
    'versions.create',
    new Refusal('NOT_READY', 'Step 1,240 is kept already as v003_by-hand.', {
      next: 'Wait for the next checkpoint.',
    }),
  );
  await create.click();
  await dialog.getByLabel('Description').fill('again');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('kept already', { exact: false }).waitFor();
});

test('verify says what was compared, and what is damaged', async () => {
  const { page, server } = await openStage({ at: '#/models' });
  await page.getByRole('button', { name: 'Verify now' }).click();
  await page.getByText(/7 files, 538\.1\sMB: every byte as published/).waitFor();
  expect(callsOf(server, 'versions.verify')).toEqual([{ name: 'v002_faq' }]);
});

test('a pinned version is not deleted; the last copy needs name and consent', async () => {
  const { page, server } = await openStage({ at: '#/models' });
  const remove = page.getByRole('button', { name: 'Delete', exact: true });
  await page.getByRole('button', { name: 'Pin', exact: true }).click();
  await page.getByRole('button', { name: 'Unpin' }).waitFor();
  expect(await remove.isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Unpin' }).click();
  await remove.click();
  const dialog = page.getByRole('dialog', { name: 'Delete v002_faq' });
  await dialog.getByText('this is its last copy', { exact: false }).waitFor();
  const confirm = dialog.getByRole('button', { name: 'Delete v002_faq' });
  await dialog.getByLabel('Type v002_faq').fill('v002');
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByLabel('Type v002_faq').fill('v002_faq');
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByLabel('Delete the last copy of this step').check();
  await confirm.click();
  expect(await called(server, 'versions.remove')).toEqual({
    name: 'v002_faq',
    confirm: 'v002_faq',
    last_copy: true,
    by: 'you (window)',
  });
  await page.getByRole('complementary', { name: 'Details of v001_sample' }).waitFor();
});

test('without a version it says when one comes', async () => {
  const { page, server } = await openStage({ at: '#/models' });
  server.engine.change({ versions: [] });
  await page.getByText('One is kept after each dataset.', { exact: false }).waitFor();
  expect(await page.getByRole('button', { name: 'Compare two' }).isDisabled()).toBe(true);
});

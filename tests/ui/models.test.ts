/** The Models screen: versions are selected, compared, created, pinned, verified and deleted. */
import { expect, test } from 'vitest';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, callsOf, openPage } from './open-page.ts';
import * as models from './pages/models.ts';

test('the newest version is selected; another is selected by click and by arrow keys', async () => {
  const { page, complaints } = await openPage({ at: '#/models' });
  await models.details(page, 'v002_faq').waitFor();
  await page.getByRole('button', { name: 'v001_sample' }).click();
  const details = models.details(page, 'v001_sample');
  await details.getByText('19 of 20').waitFor();
  await models.list(page, 'Versions').focus();
  await page.keyboard.press('ArrowUp');
  await models.details(page, 'v002_faq').waitFor();
  const chart = page.getByRole('img', { name: /v002_faq at step 1,180 with 0\.187/ });
  await chart.waitFor();
  expect(complaints).toEqual([]);
});

test('comparing two versions shows metrics, datasets in between and different settings', async () => {
  const { page } = await openPage({ at: '#/models' });
  await page.getByRole('button', { name: 'Compare two' }).click();
  const dialog = page.getByRole('dialog', { name: 'Compare two versions' });
  const metrics = dialog.getByRole('table', { name: 'Metrics' });
  const row = metrics.getByRole('row', { name: /^Validation \(fixed set\)/ });
  await expect.poll(() => row.innerText()).toMatch(/0\.211\s+0\.187\s+−0\.024/);
  const where = metrics.getByRole('row', { name: /Evaluated at step/ });
  await expect.poll(() => where.innerText()).toMatch(/—\s+1,180/);
  await dialog.getByText('1 dataset: faq.jsonl.').waitFor();
  const settings = dialog.getByRole('table', { name: 'Settings that differ' });
  await expect.poll(() => settings.innerText()).toMatch(/learning_rate\s+0\.0002\s+0\.0001/);
  await expect.poll(() => settings.getByRole('row').count()).toBe(1);
});

test('the answers of a version are a table, wrong ones first; a question opens its whole texts', async () => {
  const { page } = await openPage({ at: '#/models' });
  await models.details(page, 'v002_faq').getByRole('button', { name: 'Answers' }).click();
  const dialog = page.getByRole('dialog', { name: 'Answers of v002_faq' });
  const table = dialog.getByRole('table', { name: 'Answers' });
  await expect.poll(() => dialog.getByRole('status').innerText()).toBe('1 of 3 match');
  await expect
    .poll(() => table.locator('td:first-child').allInnerTexts())
    .toEqual(['wrong', 'wrong', 'matches']);
  await table.getByRole('button', { name: 'Set the bedroom to 21 degrees' }).click();
  await table.getByText('<|im_start|>user', { exact: false }).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'v001_sample' }).click();
  await models.details(page, 'v001_sample').getByRole('button', { name: 'Answers' }).click();
  await page.getByText('No answers were generated at step 1100.').waitFor();
});

test('two versions answer side by side, questions with different results first', async () => {
  const { page } = await openPage({ at: '#/models', scene: 'branches' });
  await page.getByRole('button', { name: 'Compare two' }).click();
  const answers = page.getByRole('table', { name: 'Answers side by side' });
  await expect
    .poll(() => answers.getByRole('columnheader').allInnerTexts())
    .toEqual([
      'Question',
      'Expected',
      'v003_support-2026-10: 2 of 3 match',
      'v004_before-the-holidays: 3 of 3 match',
    ]);
  const first = answers.getByRole('row').nth(1);
  await expect.poll(() => first.innerText()).toMatch(/wrong[^]*matches/);
  await expect.poll(() => answers.getByRole('row').nth(2).innerText()).not.toContain('wrong');
});

test('a version is created manually with a description; a refusal gives the reason', async () => {
  const { page, server } = await openPage({ at: '#/models' });
  const create = page.getByRole('button', { name: 'Create version' });
  await create.click();
  const dialog = page.getByRole('dialog', { name: 'Create version' });
  const make = dialog.getByRole('button', { name: 'Create version' });
  await expect.poll(() => make.isDisabled()).toBe(true);
  await dialog.getByLabel('Description').fill('  before the holidays ');
  await make.click();
  expect(await called(server, 'versions.create')).toEqual({
    description: 'before the holidays',
    by: 'you (window)',
  });
  const details = models.details(page, 'v003_by-hand');
  await details.getByText('0.187, measured at step 1,180').waitFor();
  // The list shows the evaluation step only where it differs from the step of the version.
  const versions = models.list(page, 'Versions');
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

test('verifying a version reports its files and checksum', async () => {
  const { page, server } = await openPage({ at: '#/models' });
  await page.getByRole('button', { name: 'Verify now' }).click();
  await page.getByText(/7 files, 538\.1\sMB: checksum OK/).waitFor();
  expect(callsOf(server, 'versions.verify')).toEqual([{ name: 'v002_faq' }]);
});

test('a pinned version cannot be deleted; the last copy needs its name and a confirmation', async () => {
  const { page, server } = await openPage({ at: '#/models' });
  const remove = page.getByRole('button', { name: 'Delete', exact: true });
  await page.getByRole('button', { name: 'Pin', exact: true }).click();
  await page.getByRole('button', { name: 'Unpin' }).waitFor();
  await expect.poll(() => remove.isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Unpin' }).click();
  await remove.click();
  const dialog = page.getByRole('dialog', { name: 'Delete v002_faq' });
  await dialog.getByText('this is the last copy', { exact: false }).waitFor();
  const confirm = dialog.getByRole('button', { name: 'Delete v002_faq' });
  await dialog.getByLabel('Type v002_faq').fill('v002');
  await expect.poll(() => confirm.isDisabled()).toBe(true);
  await dialog.getByLabel('Type v002_faq').fill('v002_faq');
  await expect.poll(() => confirm.isDisabled()).toBe(true);
  await dialog.getByLabel('Delete the last copy of this step').check();
  await confirm.click();
  expect(await called(server, 'versions.remove')).toEqual({
    name: 'v002_faq',
    confirm: 'v002_faq',
    last_copy: true,
    by: 'you (window)',
  });
  await models.details(page, 'v001_sample').waitFor();
});

test('without versions the list says when one is created', async () => {
  const { page, server } = await openPage({ at: '#/models' });
  server.engine.change({ versions: [] });
  await page.getByText('One is created after each dataset', { exact: false }).waitFor();
  await expect
    .poll(() => page.getByRole('button', { name: 'Compare two' }).isDisabled())
    .toBe(true);
});

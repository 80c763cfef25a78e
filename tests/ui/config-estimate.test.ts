/** The estimate on the config screen: follows what is typed, shows the levels, the record, and the cost of a change with consequences. */
import { expect, test } from 'vitest';
import type { Page } from 'playwright';
import { callsOf, openStage } from './open-page.ts';

const estimate = (page: Page) => page.getByRole('region', { name: 'Estimate' });

test('it follows what is typed, before anything is kept', async () => {
  const { page, server, complaints } = await openStage({ at: '#/config', width: 1440 });
  await estimate(page).getByText('GPU memory with these settings').waitFor();
  const steps = estimate(page).locator('dt:has-text("Steps") + dd b');
  const before = Number((await steps.innerText()).replaceAll(',', ''));
  await page.getByLabel('Epochs').fill('3');
  await expect
    .poll(async () => Number((await steps.innerText()).replaceAll(',', '')))
    .toBe(before * 3);
  await estimate(page)
    .getByText(`now ${before.toLocaleString('en-US')}`, { exact: false })
    .waitFor();
  expect(callsOf(server, 'config.set')).toEqual([]);
  expect(callsOf(server, 'config.estimate').at(-1)).toMatchObject({ changes: { epochs: 3 } });
  // A value that is not allowed is not asked about.
  await page.getByLabel('Epochs').fill('0');
  await expect.poll(() => callsOf(server, 'config.estimate').at(-1)).toMatchObject({ changes: {} });
  expect(complaints).toEqual([]);
});

test('the batch sizes stand side by side with verdicts, and the last estimates are told', async () => {
  const { page } = await openStage({ at: '#/config', width: 1440 });
  const levels = page.getByRole('table', { name: 'Levels side by side' });
  await levels.waitFor();
  expect(await levels.locator('tbody tr td:first-child').allInnerTexts()).toEqual([
    '16',
    '24',
    '30',
    '40',
  ]);
  expect(await levels.locator('[data-verdict]').count()).toBe(4);
  await estimate(page)
    .getByText('time between 8 % under and 12 % over', { exact: false })
    .waitFor();
});

test('a dataset that waits can be chosen', async () => {
  const { page, server } = await openStage({ at: '#/config', width: 1440 });
  const choice = page.getByLabel('Estimate for');
  await choice.waitFor();
  const values = await choice
    .locator('option')
    .evaluateAll((all) => all.map((entry) => (entry as unknown as { value: string }).value));
  const last = values.at(-1) ?? '';
  await choice.selectOption(last);
  await expect
    .poll(() => callsOf(server, 'config.estimate').at(-1))
    .toMatchObject({ dataset: last });
});

test('a change of max_length states what it costs: rows, steps, time, memory', async () => {
  const { page } = await openStage({ at: '#/config', width: 1440 });
  await page.getByLabel('Max length').fill('100');
  await estimate(page).getByText('are longer than max_length', { exact: false }).waitFor();
  await page
    .getByRole('complementary', { name: 'Changes' })
    .getByRole('button', { name: 'Stage for the next dataset' })
    .click();
  const cost = page.getByRole('dialog').getByRole('table', { name: 'What it costs' });
  await cost.waitFor();
  const over = cost.locator('tr', { hasText: 'Rows over the length' }).locator('td');
  expect(await over.nth(1).innerText()).toBe('0');
  expect(Number((await over.nth(2).innerText()).replaceAll(',', ''))).toBeGreaterThan(0);
});

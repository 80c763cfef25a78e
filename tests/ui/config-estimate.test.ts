/**
 * The estimate on the config screen: follows edits, compares batch sizes, and shows the cost of a
 * change with consequences.
 */
import { expect, test } from 'vitest';
import { callsOf, openPage } from './open-page.ts';
import { configOf } from './pages/config.ts';

test('it follows edits before they are saved', async () => {
  const { page, server, complaints } = await openPage({ at: '#/config', width: 1440 });
  await configOf(page).estimate.getByText('GPU memory with these settings').waitFor();
  const steps = configOf(page).estimate.locator('dt:has-text("Steps") + dd b');
  const before = Number((await steps.innerText()).replaceAll(',', ''));
  await page.getByLabel('Epochs').fill('3');
  await expect
    .poll(async () => Number((await steps.innerText()).replaceAll(',', '')))
    .toBe(before * 3);
  await configOf(page)
    .estimate.getByText(`now ${before.toLocaleString('en-US')}`, { exact: false })
    .waitFor();
  expect(callsOf(server, 'config.set')).toEqual([]);
  expect(callsOf(server, 'config.estimate').at(-1)).toMatchObject({ changes: { epochs: 3 } });
  // An invalid value is not sent.
  await page.getByLabel('Epochs').fill('0');
  await expect.poll(() => callsOf(server, 'config.estimate').at(-1)).toMatchObject({ changes: {} });
  expect(complaints).toEqual([]);
});

test('batch sizes are compared with verdicts, and past estimates with what happened', async () => {
  const { page } = await openPage({ at: '#/config', width: 1440 });
  const levels = page.getByRole('table', { name: 'Batch sizes compared' });
  await levels.waitFor();
  await expect
    .poll(() => levels.locator('tbody tr td:first-child').allInnerTexts())
    .toEqual(['16', '24', '30', '40']);
  await expect.poll(() => levels.getByText(/^(Fits|Tight|Too large)$/).count()).toBe(4);
  await configOf(page)
    .estimate.getByText('time between 8 % under and 12 % over', { exact: false })
    .waitFor();
});

test('a queued dataset can be selected', async () => {
  const { page, server } = await openPage({ at: '#/config', width: 1440 });
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

test('a change of max_length shows its cost: rows, steps, time, memory', async () => {
  const { page } = await openPage({ at: '#/config', width: 1440 });
  await page.getByLabel('Max length').fill('100');
  await configOf(page).estimate.getByText('are longer than max_length', { exact: false }).waitFor();
  await configOf(page).stage.click();
  const cost = page.getByRole('dialog').getByRole('table', { name: 'Cost' });
  await cost.waitFor();
  const over = cost.locator('tr', { hasText: 'Rows over max_length' }).locator('td');
  await expect.poll(() => over.nth(1).innerText()).toBe('0');
  expect(Number((await over.nth(2).innerText()).replaceAll(',', ''))).toBeGreaterThan(0);
});

/** The logs screen: the journal with its evidence, the files of engine and trainer, search and follow. */
import { expect, test } from 'vitest';
import { callsOf, openStage } from './open-page.ts';

test('the journal stands oldest first, opens its evidence, and is searched', async () => {
  const { page } = await openStage({ at: '#/logs' });
  const journal = page.getByRole('log', { name: 'Journal' });
  const texts = await journal.locator('.ltext').allInnerTexts();
  expect(texts).toEqual([
    'v001_sample was kept at step 1100.',
    'The trainer was restarted at step 1000; 37 steps were trained again.',
    'gsm8k_train.jsonl began: 467 steps planned.',
  ]);
  await journal.getByText('The trainer was restarted').click();
  await journal.getByText('"signal": "SIGKILL"').waitFor();
  await page.getByLabel('Search in the log').fill('version');
  expect(await journal.locator('.ltext').count()).toBe(1);
  await page.getByLabel('Search in the log').fill('xid');
  await page.getByText('No line matches “xid”.').waitFor();
  await page.getByRole('button', { name: 'Clear' }).click();
  expect(await journal.locator('.ltext').count()).toBe(3);
});

test("the engine's log ends at its end, is searched by the engine, and is followed until it is not", async () => {
  const { page, server } = await openStage({ at: '#/logs' });
  await page.getByText('Engine', { exact: true }).click();
  const log = page.getByRole('log', { name: 'Log of the engine' });
  await log.getByText('line 1200', { exact: false }).waitFor();
  await page.getByText('the last 1,000 lines', { exact: false }).waitFor();
  expect(
    await log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight),
  ).toBeLessThan(2);
  await page.getByLabel('Search in the log').fill('line 77');
  await page.waitForFunction(() => document.querySelectorAll('.lraw').length === 11);
  await page.getByRole('checkbox', { name: 'Follow' }).uncheck();
  await page.waitForTimeout(300);
  const asked = callsOf(server, 'logs.read').length;
  await page.waitForTimeout(2600);
  expect(callsOf(server, 'logs.read').length).toBe(asked);
});

test('a trainer that has not written yet is said so', async () => {
  const { page } = await openStage({ at: '#/logs' });
  await page.getByText('Trainer', { exact: true }).click();
  await page.getByText('No trainer has written a log yet.').waitFor();
});

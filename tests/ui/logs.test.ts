/** The Logs screen: journal with evidence, engine and trainer logs, search and Follow. */
import { expect, test } from 'vitest';
import { called, callsOf, openPage, watchIntervals } from './open-page.ts';
import * as logs from './pages/logs.ts';

test('the journal is sorted oldest first, shows evidence on click, and can be searched', async () => {
  const { page } = await openPage({ at: '#/logs' });
  const journal = logs.journal(page);
  const texts = await logs.entryTexts(page).allInnerTexts();
  expect(texts).toEqual([
    'v001_sample was kept at step 1100.',
    'The trainer was restarted at step 1000; 37 steps were trained again.',
    'gsm8k_train.jsonl began: 467 steps planned.',
  ]);
  await journal.getByText('The trainer was restarted').click();
  await journal.getByText('"signal": "SIGKILL"').waitFor();
  await logs.search(page).fill('version');
  await expect.poll(() => logs.entryTexts(page).count()).toBe(1);
  await logs.search(page).fill('xid');
  await page.getByText('No lines match “xid”.').waitFor();
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect.poll(() => logs.entryTexts(page).count()).toBe(3);
});

test('the engine log scrolls to its end, is searched by the engine, and is polled while Follow is on', async () => {
  const { page, server } = await openPage({ at: '#/logs' });
  const intervals = await watchIntervals(page);
  await logs.source(page, 'Engine').click();
  const log = logs.log(page, 'Engine');
  await log.getByText('line 1200', { exact: false }).waitFor();
  await page.getByText('the last 1,000 lines', { exact: false }).waitFor();
  expect(
    await log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight),
  ).toBeLessThan(2);
  await logs.search(page).fill('line 77');
  await expect.poll(() => logs.logLines(page, 'Engine').count()).toBe(11);
  await called(server, 'logs.read', callsOf(server, 'logs.read').length + 2);
  const before = (await intervals()).length;
  await page.getByRole('checkbox', { name: 'Follow' }).uncheck();
  await expect.poll(async () => (await intervals()).length).toBe(before - 1);
});

test('a missing trainer log is reported as such', async () => {
  const { page } = await openPage({ at: '#/logs' });
  await logs.source(page, 'Trainer').click();
  await page.getByText('No trainer log yet.').waitFor();
});

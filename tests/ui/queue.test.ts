/** The Queue screen: order, hold, rows, remove and skip, by mouse and keyboard. */
import { expect, test } from 'vitest';
import { called, callsOf, openPage } from './open-page.ts';
import * as queue from './pages/queue.ts';

const SUPPORT = 'd-support-high';

test('the screen shows the current dataset, three priorities of waiting ones, and the finished ones', async () => {
  const { page } = await openPage({ at: '#/queue' });
  const current = queue.current(page);
  await current.getByText('gsm8k_train.jsonl').waitFor();
  await current.getByText('step 140 of 467', { exact: false }).waitFor();
  await expect.poll(() => queue.waitingRows(page).count()).toBe(5);
  await page.getByText('sample.jsonl').first().waitFor();
});

test('Alt and the arrows move a row within and between priorities', async () => {
  const { page, server } = await openPage({ at: '#/queue' });
  await queue.row(page, SUPPORT).focus();
  await page.keyboard.press('Alt+ArrowRight');
  expect(await called(server, 'queue.move')).toMatchObject({
    id: 'd-support-high',
    priority: 'normal',
  });
  await queue.priority(page, 'normal').locator(queue.row(page, SUPPORT)).waitFor();
});

test('a row is dragged into another priority', async () => {
  const { page, server } = await openPage({ at: '#/queue' });
  const handle = queue.row(page, SUPPORT).getByRole('cell').first();
  await handle.dragTo(queue.priorityHeading(page, 'low'));
  expect(await called(server, 'queue.move')).toMatchObject({
    id: 'd-support-high',
    priority: 'low',
  });
});

test('H holds, Enter opens the rows, Delete removes the dataset', async () => {
  const { page, server } = await openPage({ at: '#/queue' });
  await queue.row(page, SUPPORT).focus();
  await page.keyboard.press('h');
  expect(await called(server, 'queue.hold')).toEqual({ id: 'd-support-high', held: true });
  await page.locator(`#queue-${SUPPORT}[data-held=true]`).waitFor();
  await queue.row(page, SUPPORT).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'support_tickets_2026-11.jsonl' });
  await dialog.getByText('1,204 rows, all accounted for').first().waitFor();
  await dialog.getByRole('button', { name: 'Later rows' }).click();
  await dialog.getByText('201 to 400 of 1,204').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await queue.row(page, SUPPORT).focus();
  await page.keyboard.press('Delete');
  expect(await called(server, 'queue.remove')).toEqual({ id: 'd-support-high' });
  await queue.row(page, SUPPORT).waitFor({ state: 'detached' });
});

test('the running dataset is skipped by one button', async () => {
  const { page, server } = await openPage({ at: '#/queue' });
  await page.getByRole('button', { name: 'Skip current' }).click();
  expect(await called(server, 'training.skip')).toEqual({ by: 'you (window)' });
});

test('a failed dataset can be queued again', async () => {
  const { page, server } = await openPage({ at: '#/queue' });
  await page.getByRole('button', { name: 'Retry: export_empty.jsonl' }).click();
  expect(await called(server, 'queue.retry')).toEqual({ id: 'd-empty' });
});

test('an empty queue shows since when training has been idle', async () => {
  const { page, server } = await openPage({ scene: 'idle', at: '#/queue' });
  server.engine.change({ datasets: [] });
  await page.getByText('The queue is empty.', { exact: false }).waitFor();
  expect(callsOf(server, 'queue.add')).toEqual([]);
});

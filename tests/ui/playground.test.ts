/** The Playground screen: one model or two side by side, raw tokens, stopping, and the way from a version. */
import { expect, test } from 'vitest';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, openPage } from './open-page.ts';
import { playgroundOf } from './pages/playground.ts';
import * as models from './pages/models.ts';

test('Try it on a version opens a conversation with it, and the next question carries the first', async () => {
  const { page, server, complaints } = await openPage({ at: '#/models' });
  await models.details(page, 'v002_faq').getByRole('link', { name: 'Try it' }).click();
  const playground = playgroundOf(page);
  await expect.poll(() => playground.model('First').inputValue()).toBe('v002_faq');
  await playground.question.fill('Where is it?');
  await playground.question.press('Enter');
  await playground.log('First').getByText('v002_faq with seed 0: 12 characters.').waitFor();
  await playground.log('First').getByText('7 tokens, 0.5 s, 14 tokens/s, cpu').waitFor();
  await playground.question.fill('And now?');
  await playground.ask.click();
  const input = await called(server, 'playground.ask', 2);
  expect(input).toMatchObject({
    model: 'v002_faq',
    messages: [
      { role: 'user', content: 'Where is it?' },
      { role: 'assistant', content: 'v002_faq with seed 0: 12 characters.' },
      { role: 'user', content: 'And now?' },
    ],
  });
  expect(complaints).toEqual([]);
});

test('two models get the same question and seed, and both prompts are shown on request', async () => {
  const { page, server } = await openPage({ at: '#/playground' });
  const playground = playgroundOf(page);
  await page.getByRole('checkbox', { name: 'Compare two models' }).check();
  await playground.model('Second').selectOption('base:smollm2');
  await page.getByRole('textbox', { name: 'Seed' }).fill('7');
  await page.getByRole('textbox', { name: 'Temperature' }).fill('3');
  await page.getByText('0 to 2; 0 takes the most probable token').nth(1).waitFor();
  await page.getByRole('textbox', { name: 'Temperature' }).fill('0.5');
  await playground.question.fill('Same?');
  await playground.ask.click();
  await playground.log('First').getByText('current with seed 7').waitFor();
  await playground.log('Second').getByText('base:smollm2 with seed 7').waitFor();
  expect(await called(server, 'playground.ask', 2)).toMatchObject({ seed: 7, temperature: 0.5 });
  await page.getByRole('checkbox', { name: 'Show prompt and raw tokens' }).check();
  await playground.log('Second').getByText('<|im_start|>assistant').waitFor();
});

test('an answer is stopped, a refusal says why, and a new conversation begins empty', async () => {
  const { page, server } = await openPage({ at: '#/playground' });
  const playground = playgroundOf(page);
  await playground.question.fill('wait for it');
  await playground.ask.click();
  await page.getByRole('button', { name: 'Stop answer' }).click();
  await playground
    .log('First')
    .getByText(/stopped$/)
    .waitFor();
  server.engine.refuseNext(
    'playground.ask',
    new Refusal('NOT_READY', 'The model needs about 9 GB of memory; 2 GB are free.', {
      next: 'Close other programs, then ask again.',
    }),
  );
  await playground.question.fill('again');
  await playground.ask.click();
  await playground
    .log('First')
    .getByRole('alert')
    .getByText('2 GB are free. Close other programs, then ask again.')
    .waitFor();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await playground.log('First').getByText('Nothing asked yet.').waitFor();
});

test('a narrow window shows one side at a time', async () => {
  const { page } = await openPage({ at: '#/playground', width: 900 });
  const playground = playgroundOf(page);
  await page.getByRole('checkbox', { name: 'Compare two models' }).check();
  await playground.side('First').waitFor();
  await playground.side('Second').waitFor({ state: 'hidden' });
  await page.getByText('Second model', { exact: true }).click();
  await playground.side('First').waitFor({ state: 'hidden' });
});

/** The command palette reaches every action and every screen by typing. */
import { expect, test } from 'vitest';
import { called, callsOf, openStage } from './open-page.ts';

test('typed words find an action; Enter does it; Escape leaves all as it was', async () => {
  const { page, server } = await openStage();
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Commands' });
  await palette.getByRole('option', { name: 'Open Queue' }).waitFor();
  await page.keyboard.type('pau');
  await page.keyboard.press('Enter');
  await called(server, 'training.pause');
  await palette.waitFor({ state: 'detached' });
  // What the main button says is what the palette offers.
  await page.keyboard.press('Control+k');
  await palette.getByRole('option', { name: /Resume/ }).waitFor();
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'detached' });
  expect(callsOf(server, 'training.resume')).toEqual([]);
});

test('the rail opens it, arrows choose, a screen follows', async () => {
  const { page } = await openStage();
  await page.getByRole('button', { name: 'Commands' }).click();
  await page.getByRole('dialog', { name: 'Commands' }).waitFor();
  await page.keyboard.type('open');
  const options = page.getByRole('dialog', { name: 'Commands' }).getByRole('option');
  await page.waitForFunction(
    () => document.querySelector('[role=option]')?.textContent.startsWith('Open') === true,
  );
  expect(
    (await options.allInnerTexts()).every((allInnerText) => allInnerText.startsWith('Open')),
  ).toBe(true);
  const queue = page.getByRole('option', { name: /^Open Queue/ });
  await queue.waitFor();
  for (let press = 0; press < 6; press += 1) {
    if ((await queue.getAttribute('aria-selected')) === 'true') break;
    await page.keyboard.press('ArrowDown');
  }
  expect(await queue.getAttribute('aria-selected')).toBe('true');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor();
});

test('nothing that cannot be done now is offered, and what matches nothing is said', async () => {
  const { page } = await openStage({ scene: 'idle' });
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Commands' });
  await palette.getByRole('option', { name: /Add files/ }).waitFor();
  for (const name of [/Pause/, /Stop/, /Skip/])
    expect(await palette.getByRole('option', { name }).count()).toBe(0);
  await page.keyboard.type('xid');
  await palette.getByText('No command matches.').waitFor();
});

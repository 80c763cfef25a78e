/** The command palette runs every action and opens every screen. */
import { expect, test } from 'vitest';
import { called, callsOf, openPage } from './open-page.ts';
import * as frame from './pages/frame.ts';

test('typing finds a command, Enter runs it, Escape closes the palette without running one', async () => {
  const { page, server } = await openPage();
  await page.keyboard.press('Control+k');
  const palette = frame.palette(page);
  await palette.getByRole('option', { name: 'Open Queue' }).waitFor();
  await page.keyboard.type('pau');
  await page.keyboard.press('Enter');
  await called(server, 'training.pause');
  await palette.waitFor({ state: 'detached' });
  // The palette offers the same action as the main button.
  await page.keyboard.press('Control+k');
  await palette.getByRole('option', { name: /Resume/ }).waitFor();
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'detached' });
  expect(callsOf(server, 'training.resume')).toEqual([]);
});

test('the rail opens it, arrow keys select, Enter opens the screen', async () => {
  const { page } = await openPage();
  await frame.paletteButton(page).click();
  await frame.palette(page).waitFor();
  await page.keyboard.type('open');
  const options = frame.palette(page).getByRole('option');
  await page.waitForFunction(
    () => document.querySelector('[role=option]')?.textContent.startsWith('Open') === true,
  );
  expect((await options.allInnerTexts()).every((text) => text.startsWith('Open'))).toBe(true);
  const queue = page.getByRole('option', { name: /^Open Queue/ });
  await queue.waitFor();
  for (let press = 0; press < 6; press += 1) {
    if ((await queue.getAttribute('aria-selected')) === 'true') break;
    await page.keyboard.press('ArrowDown');
  }
  await expect.poll(() => queue.getAttribute('aria-selected')).toBe('true');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor();
});

test('commands that are not possible now are hidden, and no match is reported', async () => {
  const { page } = await openPage({ scene: 'idle' });
  await page.keyboard.press('Control+k');
  const palette = frame.palette(page);
  await palette.getByRole('option', { name: /Add files/ }).waitFor();
  for (const name of [/Pause/, /Stop/, /Skip/])
    await expect.poll(() => palette.getByRole('option', { name }).count()).toBe(0);
  await page.keyboard.type('xid');
  await palette.getByText('No matching commands.').waitFor();
});

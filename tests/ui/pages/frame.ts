/** Locators of the frame around the screens. */
import type { Locator, Page } from 'playwright';

/** The state cell when it shows this word. */
export const stateCell = (page: Page, word: string): Locator =>
  page.locator(`[data-state="${word}"]`);

export const palette = (page: Page): Locator =>
  page.getByRole('dialog', { name: 'Command palette' });

export const paletteButton = (page: Page): Locator =>
  page.getByRole('button', { name: 'Command palette' });

export const shortcutList = (page: Page): Locator =>
  page.getByRole('dialog', { name: 'Keyboard shortcuts' });

/** Opens the palette, types and runs the first match. */
export async function runCommand(page: Page, typed: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await palette(page).waitFor();
  await page.keyboard.type(typed);
  await page.keyboard.press('Enter');
}

export const lostNotice = (page: Page): Locator =>
  page.getByText('No response from the engine for', { exact: false });

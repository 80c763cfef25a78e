/** Locators of the Models screen. */
import type { Locator, Page } from 'playwright';

export const list = (page: Page, name: 'Versions' | 'Backups' | 'Checkpoints'): Locator =>
  page.getByRole('region', { name });

export const details = (page: Page, name?: string): Locator =>
  page.getByRole('complementary', {
    name: name === undefined ? /^Details of/ : `Details of ${name}`,
  });

export const restoreButton = (page: Page): Locator =>
  details(page).getByRole('button', { name: 'Restore' });

/** The points of the chart as a slider, moved by arrow keys. */
export const savedPoints = (page: Page): Locator =>
  page.getByRole('slider', { name: 'Saved points' });

export const lineage = (page: Page): Locator =>
  page.getByRole('region', { name: 'Validation (fixed set) over training' });

/** The part of the screen that scrolls. */
export const scrollTop = (page: Page): Promise<number> =>
  lineage(page).evaluate((section) => section.parentElement?.scrollTop ?? -1);

export const undoButton = (page: Page, dataset: string): Locator =>
  page.getByRole('button', { name: `Undo this dataset: ${dataset}` });

export const phase = (
  dialog: Locator,
  name: string,
  state: 'waiting' | 'running' | 'done' | 'failed',
): Locator => dialog.locator(`[data-phase=${name}][data-state=${state}]`);

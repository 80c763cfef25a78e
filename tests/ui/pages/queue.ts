/** Locators of the Queue screen. */
import type { Locator, Page } from 'playwright';

export const current = (page: Page): Locator =>
  page.getByRole('region', { name: 'Current dataset' });

export const waiting = (page: Page): Locator =>
  page.getByRole('table', { name: /Waiting datasets/ });

export const waitingRows = (page: Page): Locator => waiting(page).locator('tr[draggable]');

/** The row of a waiting dataset, by the id of the dataset. */
export const row = (page: Page, id: string): Locator => page.locator(`#queue-${id}`);

export const priority = (page: Page, name: 'high' | 'normal' | 'low'): Locator =>
  page.locator(`tbody[data-priority=${name}]`);

/** The heading row of a priority, which accepts dropped rows. */
export const priorityHeading = (page: Page, name: 'high' | 'normal' | 'low'): Locator =>
  priority(page, name).getByRole('rowheader');

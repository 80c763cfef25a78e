/** Locators of the Logs screen. */
import type { Locator, Page } from 'playwright';

export const journal = (page: Page): Locator => page.getByRole('log', { name: 'Journal' });

export const entryTexts = (page: Page): Locator => journal(page).locator('[data-entry-text]');

export const log = (page: Page, source: 'Engine' | 'Trainer'): Locator =>
  page.getByRole('log', { name: `${source} log` });

export const logLines = (page: Page, source: 'Engine' | 'Trainer'): Locator =>
  log(page, source).locator(':scope > div');

export const search = (page: Page): Locator => page.getByLabel('Search the log');

export const source = (page: Page, name: 'Journal' | 'Engine' | 'Trainer'): Locator =>
  page.getByText(name, { exact: true });

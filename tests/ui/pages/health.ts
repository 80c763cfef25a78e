/** Locators of the Health screen. */
import type { Locator, Page } from 'playwright';

export const runAllChecks = (page: Page): Locator =>
  page.getByRole('button', { name: 'Run all checks' });

export const overhead = (page: Page): Locator =>
  page.getByRole('meter', { name: 'Monitoring overhead' });

/** A crash by its category; a click expands it. */
export const crash = (page: Page, category: string): Locator => page.getByText(category);

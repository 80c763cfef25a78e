/** The config screen as its users find it: by roles and names; a setting by its key. */
import type { Locator, Page } from 'playwright';

export interface ConfigPage {
  /** Every setting that is shown. */
  readonly fields: Locator;
  readonly field: (key: string) => Locator;
  readonly changes: Locator;
  /** The bar that saves them; only there while there are edits. */
  readonly unsaved: Locator;
  readonly estimate: Locator;
  readonly save: Locator;
  readonly stage: Locator;
}

export function configOf(page: Page): ConfigPage {
  const unsaved = page.getByRole('region', { name: 'Unsaved changes' });
  const changes = page.getByRole('complementary', { name: 'Changes' });
  return {
    fields: page.locator('[data-key]'),
    field: (key) => page.locator(`[data-key="${key}"]`),
    changes,
    estimate: page.getByRole('region', { name: 'Estimate' }),
    unsaved,
    save: unsaved.getByRole('button', { name: 'Save changes' }),
    stage: unsaved.getByRole('button', { name: 'Stage for next dataset' }),
  };
}

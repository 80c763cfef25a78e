/** The config screen as its users find it: by roles and names; a setting by its key. */
import type { Locator, Page } from 'playwright';

export interface ConfigPage {
  /** Every setting that is shown. */
  readonly fields: Locator;
  readonly field: (key: string) => Locator;
  readonly changes: Locator;
  readonly estimate: Locator;
  readonly save: Locator;
  readonly stage: Locator;
}

export function configOf(page: Page): ConfigPage {
  const changes = page.getByRole('complementary', { name: 'Changes' });
  return {
    fields: page.locator('[data-key]'),
    field: (key) => page.locator(`[data-key="${key}"]`),
    changes,
    estimate: page.getByRole('region', { name: 'Estimate' }),
    save: changes.getByRole('button', { name: 'Save changes' }),
    stage: changes.getByRole('button', { name: 'Stage for next dataset' }),
  };
}

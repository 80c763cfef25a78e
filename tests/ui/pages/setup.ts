/** The first-run page as its users find it: by roles and names. */
import type { Locator, Page } from 'playwright';

export interface SetupPage {
  readonly bases: Locator;
  readonly useModel: Locator;
  readonly useSample: Locator;
  readonly folder: Locator;
  readonly tryAgain: Locator;
}

export function setupOf(page: Page): SetupPage {
  return {
    bases: page.getByRole('radiogroup', { name: 'Base model' }),
    useModel: page.getByRole('button', { name: 'Use this model' }),
    useSample: page.getByRole('button', { name: 'Use the sample' }),
    folder: page.getByLabel('Path to the model folder'),
    tryAgain: page.getByRole('button', { name: 'Try again' }),
  };
}

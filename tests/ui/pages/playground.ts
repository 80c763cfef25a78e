/** The Playground screen. */
import type { Locator, Page } from 'playwright';

export interface PlaygroundPage {
  readonly question: Locator;
  readonly ask: Locator;
  readonly side: (name: 'First' | 'Second') => Locator;
  readonly model: (name: 'First' | 'Second') => Locator;
  readonly log: (name: 'First' | 'Second') => Locator;
}

export function playgroundOf(page: Page): PlaygroundPage {
  return {
    question: page.getByRole('textbox', { name: 'Question' }),
    ask: page.getByRole('button', { name: 'Ask', exact: true }),
    side: (name) => page.getByRole('region', { name: `${name} model` }),
    model: (name) => page.getByRole('combobox', { name: `${name} model` }),
    log: (name) => page.getByRole('log', { name: `${name} model: conversation` }),
  };
}

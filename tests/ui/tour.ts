/**
 * A walk over one page: each place in both themes and at five widths, asked for what axe calls serious and for what is cut off. One page
 * for many places, since opening it is what takes the time; what is wrong is listed with the place, the theme and the width.
 */
import type { Page } from 'playwright';
import { cutOff } from './cut-off.ts';
import { seriousFindings } from './open-page.ts';

export interface Place {
  readonly name: string;
  /** `#/data` and the like. */
  readonly at: string;
  readonly open?: (page: Page) => Promise<unknown>;
}

/** Presses a button of the screen and waits for the dialog that it opens. */
export const press =
  (...names: readonly RegExp[]) =>
  async (page: Page): Promise<void> => {
    for (const name of names) await page.getByRole('button', { name }).first().click();
    await page.getByRole('dialog').waitFor();
  };

const themes = ['dark', 'light'] as const;
/** At 200 % a window of 1280 × 800 has half as many pixels both ways. */
const sizes = [
  [640, 400],
  [900, 900],
  [1600, 900],
  [2560, 900],
  [1280, 900],
] as const;

/** Of one screen at one width; the rest goes the same way. */
const SHOWN = 6;

async function visit(page: Page, { at, open }: Place): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, at);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await open?.(page);
}

async function leave(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

/** A dialog has one width as long as the window is wide enough for it. */
export const dialogSizes = [sizes[0], sizes[3], sizes[4]] as const;

export async function walk(
  page: Page,
  places: readonly Place[],
  at: readonly (readonly [number, number])[] = sizes,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const place of places) {
    await visit(page, place);
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme });
      for (const seriousFinding of await seriousFindings(page))
        wrong.push(`${place.name}, ${theme}, 1280 px: ${seriousFinding}`);
    }
    for (const [width, height] of at) {
      await page.setViewportSize({ width, height });
      const found = await cutOff(page);
      for (const name of found.slice(0, SHOWN))
        wrong.push(`${place.name}, light, ${String(width)} px: ${name}`);
      if (width === 640)
        for (const seriousFinding of await seriousFindings(page))
          wrong.push(`${place.name}, light, 640 px: ${seriousFinding}`);
    }
    await leave(page);
  }
  return wrong;
}

/**
 * Checks many places of one page in both themes and at five widths for serious axe findings and for clipped content. Opening a page
 * takes most of the time, so one page serves all places; findings name place, theme and width.
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

/** Clicks buttons one after another and waits for the dialog that the last one opens. */
export const press =
  (...names: readonly RegExp[]) =>
  async (page: Page): Promise<void> => {
    for (const name of names) await page.getByRole('button', { name }).first().click();
    await page.getByRole('dialog').waitFor();
  };

/** 640 × 400 is a window of 1280 × 800 at 200 % zoom. */
const sizes = [
  [640, 400],
  [900, 900],
  [1600, 900],
  [2560, 900],
  [1280, 900],
] as const;

/** Findings reported per screen and width; more would repeat the same cause. */
const MAX_FINDINGS = 6;

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

/** Dialogs have one width where the window is wide enough, so three sizes are sufficient. */
export const dialogSizes = [sizes[0], sizes[3], sizes[4]] as const;

export async function findingsOf(
  page: Page,
  places: readonly Place[],
  at: readonly (readonly [number, number])[] = sizes,
): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const place of places) {
    await visit(page, place);
    // The narrow layout is checked with the light theme, so that each place is checked twice.
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const seriousFinding of await seriousFindings(page))
      findings.push(`${place.name}, dark, 1280 px: ${seriousFinding}`);
    await page.emulateMedia({ colorScheme: 'light' });
    for (const [width, height] of at) {
      await page.setViewportSize({ width, height });
      const found = await cutOff(page);
      for (const name of found.slice(0, MAX_FINDINGS))
        findings.push(`${place.name}, light, ${String(width)} px: ${name}`);
      if (width === 640)
        for (const seriousFinding of await seriousFindings(page))
          findings.push(`${place.name}, light, 640 px: ${seriousFinding}`);
    }
    await leave(page);
  }
  return findings;
}

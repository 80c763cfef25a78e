/**
 * Every screen and dialog: nothing serious for axe in both themes, nothing cut off at five widths (640 px is 1280 at 200 %), the
 * keyboard all the way. One page a scene: it walks screens, themes and sizes, and lists all that is wrong with where it is.
 */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import type { Scene } from '../contract/scripted-scenes.ts';
import { cutOff } from './cut-off.ts';
import { openStage, seriousFindings } from './stage.ts';

interface Place {
  readonly name: string;
  /** `#/data` and the like. */
  readonly at: string;
  readonly open?: (page: Page) => Promise<unknown>;
}

const press =
  (name: RegExp) =>
  async (page: Page): Promise<void> => {
    await page.getByRole('button', { name }).first().click();
    await page.getByRole('dialog').waitFor();
  };

const places: Readonly<Partial<Record<Scene, readonly Place[]>>> = {
  first_run: [{ name: 'first run', at: '#/' }],
  failed: [{ name: 'dashboard, failed', at: '#/dashboard' }],
  branches: [{ name: 'models with branches', at: '#/models' }],
  training: [
    { name: 'dashboard', at: '#/dashboard' },
    { name: 'dashboard, stop', at: '#/dashboard', open: press(/^Stop$/) },
    { name: 'dashboard, loss as a table', at: '#/dashboard', open: press(/Show as table/) },
    {
      name: 'data',
      at: '#/data',
      open: async (page) => {
        await page.getByRole('option', { name: /home_requests/ }).click();
        await page.getByRole('button', { name: /Accept the good rows/ }).waitFor();
      },
    },
    {
      name: 'data, rows that are too long',
      at: '#/data',
      open: async (page) => {
        await page.getByRole('button', { name: /too_long/ }).click();
        await page.getByRole('table', { name: 'Rows that are too long' }).waitFor();
      },
    },
    { name: 'queue', at: '#/queue' },
    { name: 'models', at: '#/models' },
    { name: 'models, create version', at: '#/models', open: press(/Create version/) },
    { name: 'models, compare two', at: '#/models', open: press(/Compare two/) },
    { name: 'models, lineage as a table', at: '#/models', open: press(/Show as table/) },
    {
      name: 'config',
      at: '#/config',
      open: (page) => page.getByRole('table', { name: 'Levels side by side' }).waitFor(),
    },
    {
      name: 'health',
      at: '#/health',
      open: (page) => page.getByText('gpu_out_of_memory_context_lost').click(),
    },
    { name: 'logs', at: '#/logs' },
    {
      name: 'settings',
      at: '#/settings',
      open: (page) => page.getByText('The memory port is off.').waitFor(),
    },
    { name: 'help', at: '#/help' },
  ],
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

test.each(Object.keys(places) as Scene[])('every screen for everybody: %s', async (scene) => {
  const { page } = await openStage({ scene, width: 1280, height: 900 });
  const wrong: string[] = [];
  for (const place of places[scene] ?? []) {
    await visit(page, place);
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme });
      for (const one of await seriousFindings(page))
        wrong.push(`${place.name}, ${theme}, 1280 px: ${one}`);
    }
    for (const [width, height] of sizes) {
      await page.setViewportSize({ width, height });
      const found = await cutOff(page);
      for (const one of found.slice(0, SHOWN))
        wrong.push(`${place.name}, light, ${String(width)} px: ${one}`);
      if (width === 640)
        for (const one of await seriousFindings(page))
          wrong.push(`${place.name}, light, 640 px: ${one}`);
    }
    await leave(page);
  }
  expect(wrong).toEqual([]);
});

test('Tab reaches rail, controls and tools, each with a visible focus', async () => {
  const { page } = await openStage();
  const reached = new Set<string>();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const { name, ring } = await page.evaluate(() => {
      const one = document.activeElement;
      if (one === null || one === document.body) return { name: '', ring: true };
      const style = getComputedStyle(one);
      const host = one.parentElement === null ? style : getComputedStyle(one.parentElement);
      const has = (s: CSSStyleDeclaration): boolean =>
        (s.outlineStyle !== 'none' && s.outlineWidth !== '0px') || s.boxShadow !== 'none';
      return {
        name: one.getAttribute('aria-label') ?? one.textContent.trim(),
        ring: has(style) || has(host),
      };
    });
    expect(ring, `focus of ${name}`).toBe(true);
    reached.add(name);
  }
  for (const name of ['Pause', 'Stop', 'Dashboard', 'Show as table'])
    expect(
      [...reached].some((one) => one.startsWith(name)),
      name,
    ).toBe(true);
});

/** Every screen in both themes and four widths: nothing serious for axe, nothing cut off, keyboard all the way. */
import { expect, test } from 'vitest';
import type { Scene } from '../contract/scripted-scenes.ts';
import { openStage, seriousFindings } from './stage.ts';

const screens: readonly (readonly [string, Scene, string])[] = [
  ['first run', 'first_run', '#/'],
  ['dashboard', 'training', '#/dashboard'],
  ['dashboard, failed', 'failed', '#/dashboard'],
  ['data', 'training', '#/data'],
  ['queue', 'training', '#/queue'],
  ['models', 'training', '#/models'],
  ['models with branches', 'branches', '#/models'],
  ['config', 'training', '#/config'],
  ['logs', 'training', '#/logs'],
];
const themes = ['dark', 'light'] as const;

test.each(
  screens.flatMap(([name, scene, at]) => themes.map((scheme) => ({ name, scene, at, scheme }))),
)('axe: $name, $scheme', async ({ scene, at, scheme }) => {
  const { page } = await openStage({ scene, at, scheme });
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  if (at === '#/data') {
    await page.getByRole('option', { name: /home_requests/ }).click();
    await page.getByRole('button', { name: /Accept the good rows/ }).waitFor();
  }
  if (at === '#/config') await page.getByRole('table', { name: 'Levels side by side' }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

test.each(
  (
    [
      ['stop', '#/dashboard', /^Stop$/],
      ['create version', '#/models', /Create version/],
    ] as const
  ).flatMap(([name, at, opens]) =>
    [['dark', 900] as const, ['light', 1600] as const].map(([scheme, width]) => ({
      name,
      at,
      opens,
      scheme,
      width,
    })),
  ),
)('axe, dialog open: $name, $scheme, $width px', async ({ at, opens, scheme, width }) => {
  const { page } = await openStage({ at, scheme, width });
  await page.getByRole('button', { name: opens }).first().click();
  await page.getByRole('dialog').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

test.each(
  screens.flatMap(([name, scene, at]) =>
    [900, 1280, 1600, 2560].map((width) => ({ name, scene, at, width })),
  ),
)('nothing is cut off: $name at $width px', async ({ scene, at, width }) => {
  const { page } = await openStage({ scene, at, width, height: 900 });
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  const cut = await page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    const out = [...document.querySelectorAll('button, input, select, a')].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 0 && (box.left < -1 || box.right > innerWidth + 1);
    });
    return { wide, out: out.map((one) => one.outerHTML.slice(0, 120)) };
  });
  expect(cut).toEqual({ wide: 0, out: [] });
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

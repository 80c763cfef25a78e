/**
 * Every screen: no serious axe findings in both themes, nothing clipped at five widths (640 px is 1280 px at 200 % zoom), and
 * visible keyboard focus.
 */
import { expect, test } from 'vitest';
import type { Scene } from '../contract/scenes/index.ts';
import { openPage } from './open-page.ts';
import { findingsOf, type Place } from './tour.ts';

const places: Readonly<Partial<Record<Scene, readonly Place[]>>> = {
  first_run: [{ name: 'first run', at: '#/' }],
  failed: [{ name: 'dashboard, failed', at: '#/dashboard' }],
  branches: [{ name: 'models with branches', at: '#/models' }],
  training: [
    { name: 'dashboard', at: '#/dashboard' },
    {
      name: 'data',
      at: '#/data',
      open: async (page) => {
        await page.getByRole('option', { name: /home_requests/ }).click();
        await page.getByRole('button', { name: /Train on the .* valid rows/ }).waitFor();
      },
    },
    {
      name: 'data, rows longer than max_length',
      at: '#/data',
      open: async (page) => {
        await page.getByRole('button', { name: /too_long/ }).click();
        await page.getByRole('table', { name: 'Rows longer than max_length' }).waitFor();
      },
    },
    { name: 'queue', at: '#/queue' },
    { name: 'models', at: '#/models' },
    {
      name: 'playground',
      at: '#/playground',
      open: async (page) => {
        await page.getByRole('checkbox', { name: 'Compare two models' }).check();
        await page.getByRole('textbox', { name: 'Question' }).fill('What is it?');
        await page.keyboard.press('Enter');
        await page.getByText('14 tokens/s').last().waitFor({ state: 'attached' });
      },
    },
    {
      name: 'config',
      at: '#/config',
      open: (page) => page.getByRole('table', { name: 'Batch sizes compared' }).waitFor(),
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
      open: (page) => page.getByText('Memory endpoint: off.').waitFor(),
    },
    { name: 'help', at: '#/help' },
  ],
};
test.each(Object.keys(places) as Scene[])(
  'every screen is accessible: %s',
  { timeout: 300_000 },
  async (scene) => {
    const { page } = await openPage({ scene, width: 1280, height: 900 });
    expect(await findingsOf(page, places[scene] ?? [])).toEqual([]);
  },
);

test('Tab reaches rail, controls and tools with visible focus', async () => {
  const { page } = await openPage();
  const reached = new Set<string>();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const { name, ring } = await page.evaluate(() => {
      const entry = document.activeElement;
      if (entry === null || entry === document.body) return { name: '', ring: true };
      const style = getComputedStyle(entry);
      const host = entry.parentElement === null ? style : getComputedStyle(entry.parentElement);
      const has = (s: CSSStyleDeclaration): boolean =>
        (s.outlineStyle !== 'none' && s.outlineWidth !== '0px') || s.boxShadow !== 'none';
      return {
        name: entry.getAttribute('aria-label') ?? entry.textContent.trim(),
        ring: has(style) || has(host),
      };
    });
    expect(ring, `focus of ${name}`).toBe(true);
    reached.add(name);
  }
  for (const name of ['Pause', 'Stop', 'Dashboard', 'Show as table'])
    expect(
      [...reached].some((text) => text.startsWith(name)),
      name,
    ).toBe(true);
});

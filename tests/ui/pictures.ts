/**
 * Screenshots of every screen with the scripted engine: `node tests/ui/pictures.ts <folder> [part of a name] [widths]` on Node 24,
 * after a build. Both themes at 900, 1280, 1600 and 2560 px, with dialogs, and 1280 px at 200 % zoom; reports overflowing elements.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import type { Scene } from '../contract/scenes/index.ts';
import { startScriptedServer, type ScriptedServer } from '../contract/scripted-server.ts';
import { openBrowser } from './open-page.ts';

interface Shot {
  readonly name: string;
  readonly scene: Scene;
  readonly at: string;
  readonly act?: (page: Page, server: ScriptedServer) => Promise<unknown>;
}

const button = (name: RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();

const shots: readonly Shot[] = [
  { name: 'first-run', scene: 'first_run', at: '#/' },
  {
    name: 'first-result',
    scene: 'training',
    at: '#/dashboard',
    act: async (page, { engine }) => {
      const { datasets, versions } = engine.rooms();
      engine.change({
        datasets: datasets.filter(({ place }) => place === 'completed').slice(0, 1),
        versions: versions.slice(0, 1),
      });
      const box = page.getByRole('textbox', { name: 'Ask v002_faq' });
      await box.fill('Where is it?');
      await box.press('Enter');
      await page.getByText('12 characters.', { exact: false }).waitFor();
    },
  },
  { name: 'idle', scene: 'idle', at: '#/queue' },
  { name: 'branches', scene: 'branches', at: '#/models' },
  { name: 'dashboard', scene: 'training', at: '#/dashboard' },
  { name: 'recovering', scene: 'recovering', at: '#/dashboard' },
  { name: 'failed', scene: 'failed', at: '#/dashboard' },
  { name: 'paused', scene: 'paused', at: '#/dashboard' },
  {
    name: 'data',
    scene: 'training',
    at: '#/data',
    act: (page) => page.getByRole('option', { name: /home_requests/ }).click(),
  },
  { name: 'queue', scene: 'training', at: '#/queue' },
  { name: 'models', scene: 'training', at: '#/models' },
  {
    name: 'playground',
    scene: 'training',
    at: '#/playground',
    act: async (page) => {
      await page.getByRole('checkbox', { name: 'Compare two models' }).check();
      await page
        .getByRole('textbox', { name: 'Question' })
        .fill('What did the last dataset teach?');
      await page.keyboard.press('Enter');
    },
  },
  { name: 'config', scene: 'training', at: '#/config' },
  {
    name: 'config-unsaved',
    scene: 'training',
    at: '#/config',
    act: async (page) => {
      await page.getByLabel('Batch size', { exact: true }).fill('32');
      await page.getByLabel('Restart limit').fill('5');
    },
  },
  {
    name: 'config-consent',
    scene: 'idle',
    at: '#/config',
    act: async (page) => {
      await page.getByLabel('Max length').fill('64');
      await page.getByRole('button', { name: 'Save changes' }).click();
    },
  },
  { name: 'health', scene: 'training', at: '#/health' },
  { name: 'drill', scene: 'training', at: '#/health', act: button(/^Run the drill/) },
  { name: 'logs', scene: 'training', at: '#/logs' },
  { name: 'settings', scene: 'training', at: '#/settings' },
  { name: 'help', scene: 'training', at: '#/help' },
  {
    name: 'palette',
    scene: 'training',
    at: '#/dashboard',
    act: (page) => page.keyboard.press('Control+k'),
  },
  { name: 'stop', scene: 'training', at: '#/dashboard', act: button(/^Stop/) },
  { name: 'table', scene: 'training', at: '#/dashboard', act: button(/Show as table/) },
  { name: 'answers-version', scene: 'training', at: '#/models', act: button(/^Answers$/) },
  { name: 'answers-compare', scene: 'branches', at: '#/models', act: button(/Compare two/) },
  { name: 'answers-all', scene: 'training', at: '#/dashboard', act: button(/All answers/) },
  { name: 'create-version', scene: 'training', at: '#/models', act: button(/Create version/) },
];

const folder = process.argv[2];
if (folder === undefined)
  throw new TypeError('usage: pictures.ts <folder> [part of a name] [widths]');
const part = process.argv[3] ?? '';
const widths = (process.argv[4] ?? '900,1280,1600,2560').split(',').map(Number);
mkdirSync(folder, { recursive: true });
const browser = await openBrowser();

async function shoot(shot: Shot, theme: 'dark' | 'light', width: number, zoom = 1): Promise<void> {
  const server = await startScriptedServer({ scene: shot.scene });
  const height = { 900: 900, 1280: 800, 1600: 1000, 2560: 1440 }[width] ?? 900;
  const context = await browser.newContext({
    // Browser zoom: fewer CSS pixels, more device pixels each.
    viewport: { width: width / zoom, height: height / zoom },
    deviceScaleFactor: zoom,
    colorScheme: theme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const name = `${shot.name}-${theme}-${String(width)}${zoom === 1 ? '' : `-zoom${String(zoom)}`}`;
  try {
    await page.goto(server.link());
    await page.waitForFunction(() => document.documentElement.dataset['connection'] === 'live');
    await page.evaluate((hash) => {
      location.hash = hash;
    }, shot.at);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await shot.act?.(page, server);
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(folder ?? '', `${name}.png`) });
    const over = await page.evaluate(() => {
      const found: string[] = [];
      for (const element of document.querySelectorAll<HTMLElement>('body *')) {
        const box = element.getBoundingClientRect();
        if (box.width === 0 || element.closest('canvas, svg, [class*="visuallyHidden"]') !== null)
          continue;
        const clips = getComputedStyle(element).overflowX;
        const isCut =
          clips === 'visible' &&
          element.scrollWidth > element.clientWidth + 1 &&
          element.clientWidth > 0;
        const isOut = box.right > innerWidth + 1 || box.left < -1;
        if ((isCut && element.childElementCount === 0) || isOut)
          found.push(
            `${element.tagName}.${element.className} "${element.textContent.trim().slice(0, 40)}"`,
          );
      }
      return found.slice(0, 6);
    });
    console.log(name, over.length === 0 ? '' : `\n  over the edge: ${over.join('\n    ')}`);
  } catch (error) {
    console.log(name, 'FAILED', error instanceof Error ? error.message.split('\n')[0] : error);
  } finally {
    await context.close();
    await server.close();
  }
}

for (const shot of shots.filter((shot) => shot.name.includes(part))) {
  for (const theme of ['dark', 'light'] as const)
    for (const width of widths) await shoot(shot, theme, width);
  await shoot(shot, 'light', 1280, 2);
}
await browser.close();
process.exit(0);

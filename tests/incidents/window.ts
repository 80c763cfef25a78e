/** Opens the page of a real engine in a browser. */
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright';
import { live, openBrowser } from '../ui/open-page.ts';
import type { EngineProcess } from './engine-process.ts';

export interface Window {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Messages of the page's uncaught errors. */
  readonly complaints: readonly string[];
}

export async function openWindow(
  engine: EngineProcess,
  options: BrowserContextOptions = {},
): Promise<Window> {
  const browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  const { ticket } = (await engine.post<{ ticket: string }>('/tickets')).body;
  await page.goto(`${engine.address}/?ticket=${ticket}`);
  await live(page);
  return { context, page, complaints };
}

/** Opens the built page in a real browser with the scripted engine. */
import { AxeBuilder } from '@axe-core/playwright';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright';
import { onTestFinished } from 'vitest';
import type { Scene } from '../contract/scenes/index.ts';
import { startScriptedServer, type ScriptedServer } from '../contract/scripted-server.ts';

const places = [
  process.env['NIGHTSHIFT_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

let browser: Promise<Browser> | undefined;

/** One browser per test file; it exits with the process of the file. */
export function openBrowser(): Promise<Browser> {
  const executablePath = places.find((place) => place !== undefined && existsSync(place));
  if (executablePath === undefined)
    throw new Error('Chromium not found. Install it, or set NIGHTSHIFT_CHROMIUM to its path.');
  browser ??= chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
    ],
  });
  return browser;
}

export interface OpenedPage {
  readonly server: ScriptedServer;
  readonly page: Page;
  /** Errors of the page and on its console. */
  readonly complaints: readonly string[];
}

export interface OpenPageOptions {
  readonly scene?: Scene;
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'dark' | 'light';
  /** URL hash of the screen, such as `#/data`. */
  readonly at?: string;
  /** Keeps the page signed in over a restart of the scripted engine. */
  readonly sessionsFile?: string;
}

/** Opens the page with its one-time link and waits until it is connected. Closed when the test ends. */
export async function openPage(options: OpenPageOptions = {}): Promise<OpenedPage> {
  const { scene = 'training', sessionsFile } = options;
  const server = await startScriptedServer({
    scene,
    ...(sessionsFile === undefined ? {} : { sessionsFile }),
  });
  const context = await (
    await openBrowser()
  ).newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    colorScheme: options.scheme ?? 'dark',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    await server.close();
  });
  await page.goto(server.link());
  await live(page);
  if (options.at !== undefined)
    await page.evaluate((hash) => {
      location.hash = hash;
    }, options.at);
  return { server, page, complaints };
}

export async function live(page: Page): Promise<void> {
  await page.waitForFunction(() => document.documentElement.dataset['connection'] === 'live');
}

/**
 * Records the intervals that the page starts from now on, and runs those longer than `longestMs` that
 * often. Resolves to a function that reads the periods of those that were not cleared.
 */
export async function watchIntervals(
  page: Page,
  longestMs = Infinity,
): Promise<() => Promise<readonly number[]>> {
  const live = await page.evaluateHandle((longest) => {
    const periods = new Map<number, number>();
    const start = window.setInterval.bind(window);
    const stop = window.clearInterval.bind(window);
    window.setInterval = ((call: () => void, period: number) => {
      const id = start(call, Math.min(period, longest));
      periods.set(id, period);
      return id;
    }) as typeof window.setInterval;
    window.clearInterval = (id) => {
      periods.delete(Number(id));
      stop(id);
    };
    return periods;
  }, longestMs);
  return () => live.evaluate((periods) => [...periods.values()]);
}

/** Inputs of all calls of a procedure so far. */
export function callsOf(server: ScriptedServer, path: string): readonly unknown[] {
  return server.engine.calls.filter((call) => call.path === path).map((call) => call.input);
}

/** Waits until a procedure was called `times` times and returns the input of that call. */
export async function called(server: ScriptedServer, path: string, times = 1): Promise<unknown> {
  const end = Date.now() + 5000;
  while (callsOf(server, path).length < times) {
    if (Date.now() > end) throw new Error(`${path} was not called ${String(times)} times in 5 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return callsOf(server, path)[times - 1];
}

/** Drops files with these names and texts on the page in one drop. */
export async function drop(
  page: Page,
  files: readonly { readonly name: string; readonly text: string }[],
  lane?: 'high' | 'normal' | 'low',
): Promise<void> {
  const transfer = await page.evaluateHandle((all) => {
    const made = new DataTransfer();
    for (const { name, text } of all)
      made.items.add(new File([text], name, { lastModified: 1_700_000_000_000 }));
    return made;
  }, files);
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
  await page.getByRole('dialog', { name: 'Drop files' }).waitFor();
  const target = lane === undefined ? 'body' : `[data-lane=${lane}]`;
  await page.dispatchEvent(target, 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent(target, 'drop', { dataTransfer: transfer });
}

/** Drops files with binary content. */
export async function dropBytes(
  page: Page,
  files: readonly { readonly name: string; readonly bytes: Buffer }[],
): Promise<void> {
  const transfer = await page.evaluateHandle(
    (all) => {
      const made = new DataTransfer();
      for (const { name, base64 } of all) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        made.items.add(new File([bytes], name));
      }
      return made;
    },
    files.map(({ name, bytes }) => ({ name, base64: bytes.toString('base64') })),
  );
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
  await page.getByRole('dialog', { name: 'Drop files' }).waitFor();
  await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

/** Serious and critical axe findings of the current page, with their elements. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  // Legacy mode without frames, and violations only, takes a quarter of the time.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .analyze();
  return violations
    .filter((violation) => ['serious', 'critical'].includes(violation.impact ?? 'minor'))
    .map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' | ')}`);
}

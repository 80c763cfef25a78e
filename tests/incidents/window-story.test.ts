/**
 * A user session in the window with a real engine and a real trainer: first run, five files dropped at once during training,
 * decisions, pause and resume, a killed trainer, a killed engine, a version. Every assertion reads the page.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, onTestFailed, test } from 'vitest';
import type { Page } from 'playwright';
import { dropBytes } from '../ui/open-page.ts';
import { EngineProcess, questions, until } from './engine-process.ts';
import { openWindow } from './window.ts';

const app = new EngineProcess();
afterAll(async () => {
  await app.end();
});

const lines = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** The user's own files, when their folder is given. */
function realFiles(): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const folder = process.env['NIGHTSHIFT_REAL_DATA'];
  if (folder === undefined) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(jsonl|csv)$/.test(entry.name))
    .map((entry) => ({
      name: `${path.basename(entry.parentPath)}-${entry.name}`,
      bytes: readFileSync(path.join(entry.parentPath, entry.name)),
    }));
}

const state = (page: Page, word: string, timeout = 60_000): Promise<void> =>
  page.locator(`[data-state="${word}"]`).waitFor({ timeout });
const stepOn = async (page: Page): Promise<number> =>
  Number(
    (/step ([\d,]+)/.exec(await page.getByRole('banner').innerText())?.[1] ?? '0').replaceAll(
      ',',
      '',
    ),
  );

test(
  'from an empty workspace to versions, through every failure on the way',
  { timeout: 600_000 },
  async () => {
    onTestFailed(async () => {
      process.stdout.write(`${await app.explain()}\n`);
    });
    await app.configure({
      batch_size: 8,
      epochs: 40,
      save_steps: 20,
      eval_steps: 40,
      eval_samples: 20,
      generate_samples: 2,
      eval_max_new_tokens: 12,
      preview_steps: 20,
      max_length: 1024,
      warmup_steps: 4,
      disk: { min_free_gb: 0 },
      watchdog: { backoff_first_seconds: 0.2 },
    });
    await app.start();
    const port = Number(new URL(app.address).port);
    const { context, page, complaints } = await openWindow(app);

    // First run: choose the starter, add the sample; training starts automatically.
    await page.getByRole('radio', { name: 'Starter' }).check();
    await page.getByRole('button', { name: 'Use this model' }).click();
    await page.getByRole('button', { name: 'Use the sample' }).click();
    await state(page, 'Training', 120_000);
    await until('steps on the page', async () => (await stepOn(page)) >= 5, 60);

    // Five files at once during training: valid, broken in the middle, empty, columns, compressed.
    const good = lines(questions(40, 3));
    const broken = lines(questions(30, 4)).split('\n');
    broken[16] = '{"question": "cut off';
    await dropBytes(page, [
      { name: 'good.jsonl', bytes: Buffer.from(good) },
      { name: 'broken.jsonl', bytes: Buffer.from(broken.join('\n')) },
      { name: 'empty.jsonl', bytes: Buffer.from('') },
      {
        name: 'columns.csv',
        bytes: Buffer.from('text,label\n"one, two",a\nthree,b\n'.repeat(1) + 'x,y\n'.repeat(30)),
      },
      { name: 'packed.jsonl.gz', bytes: gzipSync(lines(questions(40, 5))) },
      ...realFiles(),
    ]);
    const verdict = (name: string, word: RegExp) =>
      page
        .getByRole('option', { name: new RegExp(name.replace('.', '\\.')) })
        .filter({ hasText: word })
        .waitFor({ timeout: 120_000 });
    await verdict('good.jsonl', /Ready/);
    await verdict('packed.jsonl.gz', /Ready/);
    await verdict('columns.csv', /Needs mapping/);
    await verdict('broken.jsonl', /Needs review/);
    await page
      .getByRole('list', { name: 'Uploads in progress' })
      .getByText('empty.jsonl is empty.')
      .waitFor();
    await expect.poll(async () => (await app.status()).state).toMatch(/training|evaluating|saving/);

    await page.getByRole('option', { name: /broken\.jsonl/ }).click();
    const report = page.getByRole('region', { name: 'Report of broken.jsonl' });
    await report.getByText('17', { exact: true }).first().waitFor();
    await report.getByRole('button', { name: 'Train on the 29 valid rows' }).click();
    await verdict('broken.jsonl', /Ready/);
    await page.getByRole('option', { name: /columns\.csv/ }).click();
    await page.getByLabel('Prompt column').selectOption('text');
    await page.getByLabel('Response column').selectOption('label');
    await page.getByRole('button', { name: 'Use this mapping' }).click();
    await verdict('columns.csv', /Ready/);

    // A decision that was made is no longer asked for.
    await page.waitForFunction(() => !document.body.innerText.includes('needs your decision'));

    // Pause and resume: the step does not change in between.
    await page.getByRole('button', { name: 'Pause' }).click();
    await state(page, 'Paused');
    const paused = await stepOn(page);
    const lastBeat = async () =>
      Date.now() / 1000 - ((await app.status()).trainer.heartbeat_age_s ?? Infinity);
    const first = await lastBeat();
    await until('a later heartbeat while paused', async () => (await lastBeat()) > first + 0.5, 30);
    expect(await stepOn(page)).toBe(paused);
    await page.getByRole('button', { name: 'Resume' }).click();
    await state(page, 'Training');
    await until('more steps', async () => (await stepOn(page)) > paused + 25, 60);

    // A killed trainer is reported and restarts automatically.
    const pid = await until('a trainer', () => app.trainerPid(), 30, 50);
    process.kill(pid, 'SIGKILL');
    await state(page, 'Recovering', 15_000);
    await state(page, 'Training');
    await page.getByRole('link', { name: 'Logs' }).click();
    await page
      .getByRole('log', { name: 'Journal' })
      .getByText(/killed|SIGKILL/i)
      .filter({ visible: true })
      .first()
      .waitFor();

    // A killed engine is reported, its trainer continues, and the page reconnects to the next engine.
    const before = await until('a trainer again', () => app.trainerPid(), 30, 50);
    app.kill();
    await state(page, 'Connection lost', 15_000);
    await page.getByText('Training continues without the window.', { exact: false }).waitFor();
    await app.start(port);
    await state(page, 'Training');
    expect(await app.trainerPid()).toBe(before);

    // Create a version manually; its files are what was published.
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('button', { name: 'Create version' }).first().click();
    await page.getByLabel('Description').fill('after the accidents');
    await page.getByRole('dialog').getByRole('button', { name: 'Create version' }).click();
    await page.getByRole('complementary', { name: /after-the-accidents/ }).waitFor();
    await page.getByRole('button', { name: 'Verify now' }).click();
    await page.getByText('checksum OK', { exact: false }).waitFor();

    // After a skip the next dataset starts; no dropped file is lost.
    await page.getByRole('link', { name: 'Queue' }).click();
    await page.getByRole('button', { name: 'Skip current' }).click();
    await until(
      'the next dataset',
      async () => {
        const { current_dataset: now } = await app.status();
        return now !== null && now.name !== 'sample-requests.jsonl';
      },
      60,
    );
    const places = (await app.datasets()).map((dataset) => [dataset.name, dataset.place]);
    expect(Object.fromEntries(places)).toMatchObject({ 'sample-requests.jsonl': 'skipped' });
    expect(places.length).toBeGreaterThanOrEqual(5);
    await expect
      .poll(() => existsSync(path.join(app.workspace, 'queue/skipped/sample-requests.jsonl')))
      .toBe(true);
    expect(complaints).toEqual([]);
    await page.screenshot({
      path: path.join(import.meta.dirname, '../../test-results/window-story.png'),
    });
    await context.close();
  },
);

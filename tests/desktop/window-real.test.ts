/**
 * The window with a real engine that is training: dropping five files, staged settings, refused
 * settings.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConfigState, DatasetSummary } from '../../src-main/contract/index.ts';
import { questions } from '../incidents/engine-process.ts';
import { buildParts, connected, found, Scenario, until, type Launched } from './launch.ts';
import { ask, configure, launchTraining } from './training.ts';

const lines = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Drags files over the window, waits for the drop overlay, and drops them on it. */
async function drop(page: Page, files: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    if (type === 'drop') await page.getByRole('dialog', { name: 'Drop files' }).waitFor();
    await session.send('Input.dispatchDragEvent', { type, x: 400, y: 400, data });
  }
}

const open = (page: Page, name: string): Promise<void> =>
  page.getByRole('navigation').getByRole('link', { name }).click();

describe.skipIf(found.runtime === null)('the window with a real engine that trains', () => {
  let scenario: Scenario;
  let launched: Launched;
  beforeAll(async () => {
    buildParts();
    scenario = await Scenario.begin();
    launched = await launchTraining(scenario);
    await connected(launched.page);
  });
  afterAll(async () => {
    await scenario.clear();
  });

  test('five files dropped at once get their own verdicts', async () => {
    const broken = lines(questions(30, 4)).split('\n');
    broken[16] = '{"question": "cut off';
    const contents: Readonly<Record<string, string>> = {
      'good.jsonl': lines(questions(40, 3)),
      'broken.jsonl': broken.join('\n'),
      'columns.csv': `first,second\n${'"one, two",b\n'.repeat(30)}`,
      'useless.jsonl': 'no row\n'.repeat(30),
      'empty.jsonl': '',
    };
    const files = Object.entries(contents).map(([name, text]) => {
      const path = join(scenario.folder, name);
      writeFileSync(path, text);
      return path;
    });
    const { page } = launched;
    await drop(page, files);
    await page.getByRole('heading', { name: 'Data', level: 1 }).waitFor();
    const row = (name: string, word: RegExp): Promise<void> =>
      page
        .getByRole('region', { name: 'Files', exact: true })
        .getByText(name, { exact: true })
        .locator('xpath=ancestor::*[self::li or @role="listitem"][1]')
        .filter({ hasText: word })
        .waitFor({ timeout: 60_000 });
    const known = async (): Promise<Readonly<Record<string, string>>> =>
      Object.fromEntries(
        (await ask<DatasetSummary[]>(scenario, 'GET', '/datasets')).map((dataset) => [
          dataset.name,
          `${dataset.verdict} ${dataset.decision ?? ''}`.trim(),
        ]),
      );
    await until(
      async () => {
        const now = await known();
        return ['good.jsonl', 'broken.jsonl', 'columns.csv', 'useless.jsonl'].every(
          (name) => now[name] !== undefined && !/waiting|validating/.test(now[name]),
        );
      },
      'every file to be validated',
      60_000,
    );
    expect(await known()).toMatchObject({
      'good.jsonl': 'ready',
      'broken.jsonl': 'needs_decision accept_valid_rows',
      'columns.csv': 'needs_decision map_columns',
      'useless.jsonl': 'refused',
    });
    await row('good.jsonl', /Ready/);
    await row('broken.jsonl', /Needs review/);
    await row('columns.csv', /Needs mapping/);
    await page.getByText('empty.jsonl is empty', { exact: false }).first().waitFor();
  });

  test('a locked setting can be staged and unstaged', async () => {
    const { page } = launched;
    await open(page, 'Config');
    const row = page.locator('[data-key="batch_size"]');
    await row.getByText('locked').waitFor();
    await page.getByLabel('Batch size', { exact: true }).fill('8');
    await page.getByRole('button', { name: 'Stage for next dataset' }).click();
    await row.getByText('staged').waitFor();
    expect((await ask<ConfigState>(scenario, 'GET', '/config')).staged).toEqual({ batch_size: 8 });
    await row.getByRole('button', { name: /^Unstage/ }).click();
    await row.getByText('locked').waitFor();
    expect((await ask<ConfigState>(scenario, 'GET', '/config')).staged).toEqual({});
  });

  test('a change is refused while config.json is invalid; the typed value stays', async () => {
    const { page } = launched;
    writeFileSync(join(scenario.workspace, 'config.json'), '{"format": 1, "batch_size":');
    await until(
      async () => (await ask<ConfigState>(scenario, 'GET', '/config')).problem,
      'the engine to see the broken file',
    );
    await page.getByLabel('Restart limit', { exact: true }).fill('7');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page
      .getByRole('alert')
      .getByText('The last good values stay in force', { exact: false })
      .first()
      .waitFor();
    await expect
      .poll(() => page.getByLabel('Restart limit', { exact: true }).inputValue())
      .toBe('7');
    configure(scenario);
    await until(
      async () => (await ask<ConfigState>(scenario, 'GET', '/config')).problem === null,
      'the engine to see the fixed file',
    );
    await page.getByRole('button', { name: 'Save changes' }).click();
    await until(
      async () =>
        (await ask<ConfigState>(scenario, 'GET', '/config')).values.watchdog.restart_limit === 7,
      'the setting to be saved',
    );
  });
});

/** Restores a version from the window, with a real engine and trainer. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Backup, LineageState, Version } from '../../src-main/contract/index.ts';
import { buildParts, connected, found, Scenario, until } from './launch.ts';
import { ask, attached, beginTraining, configure, status } from './training.ts';

describe.skipIf(found.runtime === null)('the window', () => {
  let scenario: Scenario;
  beforeAll(() => {
    buildParts();
  });
  afterEach(async () => {
    await scenario.clear();
  });

  test(
    'restores a version, and training continues on the new branch',
    { timeout: 180_000 },
    async () => {
      scenario = await Scenario.begin();
      configure(scenario);
      const { page } = await scenario.launch();
      await attached(scenario);
      await beginTraining(scenario);
      const saved = (step: number) =>
        until(
          async () => ((await status(scenario)).last_checkpoint_step ?? 0) >= step,
          `a checkpoint from step ${String(step)}`,
          60_000,
        );
      await saved(10);
      const version = await ask<Version>(scenario, 'POST', '/versions', { description: 'kept' });
      await saved(version.step + 10);
      await connected(page);
      await page.getByRole('link', { name: 'Models' }).click();
      await page.getByRole('button', { name: version.name }).click();
      await page
        .getByRole('complementary', { name: `Details of ${version.name}` })
        .getByRole('button', { name: 'Restore' })
        .click();
      const dialog = page.getByRole('dialog', { name: `Restore ${version.name}` });
      await dialog.getByRole('button', { name: 'Back up and restore' }).click();
      await dialog.getByText('Restored to step', { exact: false }).waitFor({ timeout: 90_000 });
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      const lineage = await ask<LineageState>(scenario, 'GET', '/lineage');
      expect(lineage.head).toBe('branch-2');
      expect(lineage.branches.at(-1)?.parent).toEqual({ branch: 'main', step: version.step });
      const [copy] = await ask<readonly Backup[]>(scenario, 'GET', '/backups');
      expect(copy).toMatchObject({ type: 'pre-restore', branch: 'main' });
      await until(
        async () => {
          const now = await status(scenario);
          return now.branch === 'branch-2' && (now.current_step ?? 0) > version.step;
        },
        'steps on the new branch',
        90_000,
      );
    },
  );
});

/**
 * Restores a version from the window with a real engine and a real trainer while training runs: the timeline shows the fork, training
 * continues on the new branch, a backup exists and verifies, and a rollback undoes it.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { LineageState, Version } from '../../src-main/contract/index.ts';
import { seriousFindings } from '../ui/open-page.ts';
import { EngineProcess, questions, until } from './engine-process.ts';
import { openWindow } from './window.ts';

const app = new EngineProcess();
afterAll(async () => {
  await app.end();
});
const lineage = async (): Promise<LineageState> => (await app.get<LineageState>('/lineage')).body;

test('a version is restored from the window, and rolled back', { timeout: 300_000 }, async () => {
  await app.configure({
    batch_size: 4,
    epochs: 200,
    save_steps: 10,
    // Keep more checkpoints: otherwise rotation removes the version's optimizer state before the dialog is confirmed.
    keep_checkpoints: 500,
    eval_steps: 10,
    eval_samples: 8,
    generate_samples: 0,
    preview_steps: 100_000,
    max_length: 256,
    warmup_steps: 2,
    disk: { min_free_gb: 0 },
  });
  await app.start();
  await app.base('starter');
  await app.add([await app.file('sums.jsonl', questions(60, 7))]);
  const saved = (steps: number) =>
    until(
      `a checkpoint from step ${String(steps)}`,
      async () => ((await app.status()).last_checkpoint_step ?? 0) >= steps,
      120,
    );
  await saved(20);
  const kept = (await app.post<Version>('/versions', { description: 'kept' })).body;
  await saved(kept.step + 20);

  const { context, page, complaints } = await openWindow(app, { colorScheme: 'dark' });
  await page.getByRole('link', { name: 'Models' }).click();
  const shot = (name: string): Promise<unknown> => {
    const folder = path.join(import.meta.dirname, '../../test-results');
    mkdirSync(folder, { recursive: true });
    return page.screenshot({ path: path.join(folder, `restore-window-${name}.png`) });
  };

  await page.getByRole('button', { name: kept.name }).click();
  const details = page.getByRole('complementary', { name: `Details of ${kept.name}` });
  await details.getByRole('button', { name: 'Restore' }).click();
  const dialog = page.getByRole('dialog', { name: `Restore ${kept.name}` });
  const confirm = dialog.getByRole('button', { name: 'Back up and restore' });
  await confirm.waitFor();
  await page.locator('[data-highlighted=true]').waitFor();
  await shot('plan');
  expect(await seriousFindings(page)).toEqual([]);
  await confirm.click();
  await dialog.getByText('Restored to step', { exact: false }).waitFor({ timeout: 90_000 });
  await shot('done');
  const after = await lineage();
  expect(after.head).toBe('branch-2');
  expect(after.branches.at(-1)).toMatchObject({ parent: { branch: 'main', step: kept.step } });
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });

  // Training continues on the new branch, and the timeline shows both branches.
  await until(
    'steps in the new branch',
    async () => {
      const { branch, last_checkpoint_step: step } = await app.status();
      return branch === 'branch-2' && (step ?? 0) > kept.step + 10;
    },
    120,
  );
  await page.getByRole('img', { name: /^Chart: 2 branches/ }).waitFor();
  await page.getByRole('button', { name: 'Pre-restore' }).click();
  await page.getByRole('button', { name: 'Verify now' }).click();
  await page
    .getByRole('region', { name: 'Backups' })
    .getByText(/verified .* ago/)
    .waitFor();
  await page.getByRole('button', { name: 'Verify branch-2' }).click();
  await page.getByText(/would resume at step \d+ of branch branch-2/).waitFor({ timeout: 60_000 });
  await shot('branches');

  await page.getByRole('button', { name: 'Roll back' }).click();
  const back = page.getByRole('dialog', { name: /Roll/ });
  await back.getByRole('button', { name: 'Back up and restore' }).click();
  await back.getByText('Restored to step', { exact: false }).waitFor({ timeout: 90_000 });
  expect((await lineage()).head).toBe('branch-3');
  await shot('rolled-back');
  expect(complaints).toEqual([]);
  await context.close();
});

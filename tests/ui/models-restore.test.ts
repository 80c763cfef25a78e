/** Restore: plan, phases, failures and refusals, from every place that offers it. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, callsOf, openPage, watchIntervals, type OpenPageOptions } from './open-page.ts';
import * as models from './pages/models.ts';

const openModels = (options: OpenPageOptions = {}) =>
  openPage({ scene: 'branches', at: '#/models', height: 900, ...options });

async function openRestore(page: Page, name = 'v001_sample') {
  await page.getByRole('button', { name }).click();
  await models.restoreButton(page).click();
  const dialog = page.getByRole('dialog', { name: `Restore ${name}` });
  await dialog.getByRole('button', { name: 'Back up and restore' }).waitFor();
  return dialog;
}

const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.textContent.trim() ?? 'nothing');

test('the dialog shows source, target, discarded steps, optimizer state, phases with times, disk and undo', async () => {
  const { page, complaints } = await openModels();
  const dialog = await openRestore(page);
  const text = (await dialog.innerText()).replaceAll('\u00a0', ' ');
  expect(text).toContain('The 312 steps marked above are discarded.');
  expect(text).toMatch(/1,412\s+to\s+1,100/);
  expect(text).toMatch(/0\.169 at 1,400\s+to\s+0\.211/);
  expect(text).toMatch(/70\.3 %\s+to\s+95\.0 %/);
  expect(text).toContain('2 (complete)');
  expect(text).toContain('gsm8k_train.jsonl (complete, 162 steps)');
  expect(text).toContain('restored from checkpoint 1,100');
  const phases = dialog.getByRole('list', { name: 'Restore steps' }).getByRole('listitem');
  await expect.poll(() => phases.count()).toBe(6);
  await expect.poll(() => phases.nth(2).innerText()).toMatch(/Back up\.[^]*about 26\ss/);
  expect(text).toContain('Disk: uses 3.2 GB of 212 GB free.');
  expect(text).toContain('Roll back undoes this until the backup is removed, in 30 days.');
  await models.lineage(page).and(page.locator('[data-highlighted=true]')).waitFor();
  expect(complaints).toEqual([]);
});

test('in one column the screen scrolls to the chart that the dialog refers to', async () => {
  const { page } = await openModels({ width: 900 });
  await page.getByRole('button', { name: 'v001_sample' }).click();
  await models.restoreButton(page).scrollIntoViewIfNeeded();
  const top = () => models.scrollTop(page);
  await expect.poll(() => top()).toBeGreaterThan(0);
  await models.restoreButton(page).click();
  await page
    .getByRole('dialog')
    .getByText('marked above are discarded', { exact: false })
    .waitFor();
  await expect.poll(() => top()).toBe(0);
});

test('Cancel has the focus, Enter restores nothing, and the focus goes back', async () => {
  const { page, server } = await openModels();
  const dialog = await openRestore(page);
  await page.waitForFunction(() => document.activeElement?.textContent === 'Cancel');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  expect(callsOf(server, 'restore.carryOut')).toEqual([]);
  await page.waitForFunction(() => document.activeElement?.textContent === 'Restore');
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.textContent === 'Restore');
  expect(callsOf(server, 'restore.carryOut')).toEqual([]);
});

test('the dialog shows the phases and the result, and the chart the new branch', async () => {
  const { page, server } = await openModels();
  server.engine.restores.pace = 250;
  const dialog = await openRestore(page);
  await dialog.getByLabel('Queue support_2026-10.jsonl and gsm8k_train.jsonl again').check();
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  await models.phase(dialog, 'verify', 'running').waitFor();
  await models.phase(dialog, 'pause', 'done').waitFor();
  await models.phase(dialog, 'switch', 'waiting').waitFor();
  await dialog.getByText('Restored to step 1100 (branch-4).', { exact: false }).waitFor();
  await dialog
    .getByText('Queued again: support_2026-10.jsonl and gsm8k_train.jsonl.', { exact: false })
    .waitFor();
  expect(callsOf(server, 'restore.carryOut')).toEqual([
    {
      source: { kind: 'version', name: 'v001_sample' },
      plan: 'main-1100-from-1412',
      queue_again: false,
      undone: 'queue',
      by: 'you (window)',
    },
  ]);
  await page.waitForFunction(() => document.activeElement?.textContent === 'Close');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('img', { name: /^Chart: 4 branches/ }).waitFor();
  await page.getByRole('region', { name: 'Checkpoints' }).getByText('branch-4').first().waitFor();
});

test('an open dialog renews its plan; a missing checkpoint is reported with the nearest one', async () => {
  const { page, server } = await openModels();
  // The engine protects the checkpoint of a plan for 15 minutes only.
  const intervals = await watchIntervals(page, 1500);
  const dialog = await openRestore(page);
  await called(server, 'restore.plan', 3);
  expect((await intervals()).filter((period) => period >= 60_000)).toHaveLength(1);
  const isMoved = dialog.getByText('Training has continued', { exact: false });
  await expect.poll(() => isMoved.count()).toBe(0);
  const { status } = server.engine.rooms();
  server.engine.change({ status: { ...status, current_step: 1500 } });
  await isMoved.waitFor();
  server.engine.refuseNext(
    'restore.plan',
    new Refusal('NOT_FOUND', 'There is no complete checkpoint of step 1,100 of main.', {
      next: 'The nearest one that is kept is step 1,180 of main.',
    }),
  );
  const alert = dialog.getByRole('alert');
  await alert.getByText('no complete checkpoint of step 1,100', { exact: false }).waitFor();
  await alert.getByText('The nearest one that is kept is step 1,180', { exact: false }).waitFor();
  // A closed dialog doesn't renew its plan.
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await expect
    .poll(async () => (await intervals()).filter((period) => period >= 60_000))
    .toEqual([]);
});

test('the restore continues when the dialog is closed, and the screen shows it', async () => {
  const { page, server } = await openModels();
  server.engine.restores.pace = 400;
  const dialog = await openRestore(page);
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  await dialog.getByText('Continues if you close this dialog.').waitFor();
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  await page.getByText('Restore v001_sample is in progress.').waitFor();
  await expect.poll(() => models.restoreButton(page).isDisabled()).toBe(true);
  await page.getByRole('img', { name: /^Chart: 4 branches/ }).waitFor();
});

test('a failure names its phase and what is safe, also after the dialog is closed', async () => {
  const { page, server } = await openModels();
  server.engine.restores.failsAt = {
    phase: 'back_up',
    message: 'The backup could not be written: the disk has 1.2 GB free, 1.6 GB are needed.',
  };
  const dialog = await openRestore(page);
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  const alert = dialog.getByRole('alert');
  await alert.getByText('The backup could not be written', { exact: false }).waitFor();
  await alert.getByText('The model is unchanged.', { exact: false }).waitFor();
  await models.phase(dialog, 'back_up', 'failed').waitFor();
  await page.keyboard.press('Escape');
  const banner = page.getByText('Restore v001_sample failed during: back up.');
  await banner.waitFor();
  await page.getByRole('button', { name: 'Dismiss: Restore v001_sample' }).click();
  await banner.waitFor({ state: 'detached' });
});

test('an outdated plan is replaced by a new one', async () => {
  const { page, server } = await openModels();
  const dialog = await openRestore(page);
  server.engine.advance(3);
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  await dialog
    .getByText('Training has continued since you opened this dialog.', { exact: false })
    .waitFor();
  await dialog.getByText('The 315 steps marked above', { exact: false }).waitFor();
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  await dialog.getByText('Restored to step 1100', { exact: false }).waitFor();
  expect(callsOf(server, 'restore.carryOut')).toHaveLength(2);
});

test.each([
  ['BUSY', 'Another restore is under way.'],
  ['DISK_FULL', 'The disk has 1.2 GB free, 3.2 GB are needed.'],
] as const)('a refusal is shown in the dialog: %s', async (code, message) => {
  const { page, server } = await openModels();
  const dialog = await openRestore(page);
  server.engine.refuseNext('restore.carryOut', new Refusal(code, message, { next: 'Later.' }));
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  await dialog.getByRole('alert').getByText(message).waitFor();
  await expect.poll(() => dialog.getByRole('button', { name: 'Cancel' }).isEnabled()).toBe(true);
});

test('a plan that the engine refuses gives the reason', async () => {
  const { page, server } = await openModels();
  server.engine.refuseNext(
    'restore.plan',
    new Refusal('NOT_READY', 'There is no earlier version.', { next: 'Train first.' }),
  );
  await page.getByRole('button', { name: 'Roll back' }).click();
  const dialog = page.getByRole('dialog', { name: 'Restore' });
  await dialog.getByRole('alert').getByText('There is no earlier version.').waitFor();
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
});

test('rollback, a checkpoint, a backup and an undone dataset open the same dialog', async () => {
  const { page, server } = await openModels();
  const sources: unknown[] = [];
  const opened = async (title: string) => {
    const dialog = page.getByRole('dialog', { name: title });
    await dialog.getByRole('button', { name: 'Back up and restore' }).waitFor();
    sources.push((await called(server, 'restore.plan', sources.length + 1)) as unknown);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  };
  await page.getByRole('button', { name: 'Roll back' }).click();
  await opened('Roll back');
  await page.getByRole('button', { name: /step 1,460 of branch-2/ }).click();
  await models.restoreButton(page).click();
  await opened('Restore step 1,460 of branch-2');
  await page.getByRole('button', { name: 'Pre-restore' }).click();
  await models.restoreButton(page).click();
  await opened('Restore backup pre-restore/20261124-094500');
  await page.getByRole('button', { name: 'v003_support-2026-10' }).click();
  await models.undoButton(page, 'support_2026-10.jsonl').click();
  await opened('Undo support_2026-10.jsonl');
  await page.evaluate(() => {
    location.hash = '#/queue';
  });
  await models.undoButton(page, 'support_2026-10.jsonl').click();
  await opened('Undo support_2026-10.jsonl');
  expect(sources).toEqual([
    { source: { kind: 'rollback' } },
    { source: { kind: 'checkpoint', branch: 'branch-2', step: 1460 } },
    { source: { kind: 'backup', id: 'pre-restore/20261124-094500' } },
    { source: { kind: 'undo_dataset', dataset: 'd-support-oct' } },
    { source: { kind: 'undo_dataset', dataset: 'd-support-oct' } },
  ]);
});

test('a damaged backup or checkpoint cannot be restored and gives the reason', async () => {
  const { page } = await openModels();
  await page.getByRole('button', { name: 'Emergency' }).click();
  await page.getByText('Can’t be restored: The backup is damaged.').waitFor();
  await expect.poll(() => models.restoreButton(page).isDisabled()).toBe(true);
  await page.getByRole('button', { name: /step 1,240 of main/ }).click();
  await expect.poll(() => models.restoreButton(page).isDisabled()).toBe(true);
});

test('without enough disk space the restore is disabled', async () => {
  const { page, server } = await openModels();
  const dialog = await openRestore(page);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  server.engine.restores.freeBytes = 1_200_000_000;
  await models.restoreButton(page).click();
  await dialog.getByText(/Not enough disk space: 3\.2\sGB needed, 1\.2\sGB free\./).waitFor();
  await expect
    .poll(() => dialog.getByRole('button', { name: 'Back up and restore' }).isDisabled())
    .toBe(true);
});

test('keyboard only: a point is selected on the chart and restored', async () => {
  const { page, server } = await openModels();
  const points = models.savedPoints(page);
  await points.focus();
  for (let n = 0; n < 30; n += 1) {
    if ((await points.getAttribute('aria-valuetext'))?.startsWith('v003') === true) break;
    await page.keyboard.press('ArrowLeft');
  }
  await models.details(page, 'v003_support-2026-10').waitFor();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Restore v003_support-2026-10' });
  await dialog.getByText('not saved for this step', { exact: false }).waitFor();
  await page.keyboard.press('Tab');
  await expect.poll(() => focused(page)).toBe('Back up and restore');
  await page.keyboard.press('Space');
  await called(server, 'restore.carryOut');
  await dialog.getByText('Restored to step 1250 (branch-4).', { exact: false }).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'slider');
});

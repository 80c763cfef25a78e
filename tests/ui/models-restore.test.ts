/** Visual restore: what would happen, the phases passing by, failures and refusals, from every place that offers it. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, callsOf, openStage, type StageOptions } from './open-page.ts';

const stage = (options: StageOptions = {}) =>
  openStage({ scene: 'branches', at: '#/models', height: 900, ...options });

const restoreOf = (page: Page) =>
  page.getByRole('complementary', { name: /^Details of/ }).getByRole('button', { name: 'Restore' });

async function openRestore(page: Page, name = 'v001_sample') {
  await page.getByRole('button', { name }).click();
  await restoreOf(page).click();
  const dialog = page.getByRole('dialog', { name: `Restore ${name}` });
  await dialog.getByRole('button', { name: 'Back up and restore' }).waitFor();
  return dialog;
}

const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.textContent.trim() ?? 'nothing');

test('the dialog says from, to, what leaves, the moments, the phases with times, the disk and the undo', async () => {
  const { page, complaints } = await stage();
  const dialog = await openRestore(page);
  const text = (await dialog.innerText()).replaceAll('\u00a0', ' ');
  expect(text).toContain('The 312 steps marked above leave the current model.');
  expect(text).toMatch(/step 1,412\s+to\s+step 1,100/);
  expect(text).toMatch(/0\.169 at 1,400\s+to\s+0\.211/);
  expect(text).toMatch(/70\.3 %\s+to\s+95\.0 %/);
  expect(text).toContain('2 whole');
  expect(text).toContain('gsm8k_train.jsonl (whole, 162 steps)');
  expect(text).toContain('kept, from the checkpoint of step 1,100');
  const phases = dialog.getByRole('list', { name: 'What happens' }).getByRole('listitem');
  expect(await phases.count()).toBe(6);
  expect(await phases.nth(2).innerText()).toMatch(/Back up\.[^]*about 26\ss/);
  expect(text).toContain('Free disk 212 GB to 209 GB.');
  expect(text).toContain('Roll back undoes this until the backup is removed, in 30 days.');
  await page.locator('.mline.lit').waitFor();
  expect(complaints).toEqual([]);
});

test('in one column the screen goes back to the picture that the dialog speaks of', async () => {
  const { page } = await stage({ width: 900 });
  await page.getByRole('button', { name: 'v001_sample' }).click();
  await restoreOf(page).scrollIntoViewIfNeeded();
  const top = () => page.evaluate(() => document.querySelector('.models')?.scrollTop ?? -1);
  expect(await top()).toBeGreaterThan(0);
  await restoreOf(page).click();
  await page.getByRole('dialog').getByText('marked above leave', { exact: false }).waitFor();
  expect(await top()).toBe(0);
});

test('Cancel has the focus, Enter restores nothing, and the focus goes back', async () => {
  const { page, server } = await stage();
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

test('the phases pass by, and what came of it is said; the picture has the new branch', async () => {
  const { page, server } = await stage();
  server.engine.restores.pace = 250;
  const dialog = await openRestore(page);
  await dialog.getByLabel('Queue support_2026-10.jsonl and gsm8k_train.jsonl again').check();
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  await dialog.locator('[data-phase=verify][data-state=running]').waitFor();
  await dialog.locator('[data-phase=pause][data-state=done]').waitFor();
  await dialog.locator('[data-phase=switch][data-state=waiting]').waitFor();
  await dialog.getByText('Restored to step 1100 (branch-4).', { exact: false }).waitFor();
  await dialog
    .getByText('Queued again: support_2026-10.jsonl and gsm8k_train.jsonl.', { exact: false })
    .waitFor();
  expect(callsOf(server, 'restore.carryOut')).toEqual([
    {
      source: { kind: 'version', name: 'v001_sample' },
      plan: 'main-1100-from-1412',
      queue_again: true,
      by: 'you (window)',
    },
  ]);
  await page.waitForFunction(() => document.activeElement?.textContent === 'Close');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('img', { name: /^Chart: 4 branches/ }).waitFor();
  await page.getByRole('region', { name: 'Checkpoints' }).getByText('branch-4').first().waitFor();
});

test('a dialog that stays open asks again, so that its point is kept; a point that is gone is said with the nearest', async () => {
  const { page, server } = await stage();
  // Minutes pass in a moment: the engine forgets what it keeps for a dialog after a quarter of an hour.
  await page.evaluate(() => {
    const real = window.setInterval.bind(window);
    window.setInterval = ((phase: () => void, milliseconds: number) =>
      real(phase, milliseconds >= 60_000 ? 1500 : milliseconds)) as typeof window.setInterval;
  });
  const dialog = await openRestore(page);
  await called(server, 'restore.plan', 3);
  const isMoved = dialog.getByText('The model has moved on', { exact: false });
  expect(await isMoved.count()).toBe(0);
  const { status } = server.engine.rooms();
  server.engine.change({ status: { ...status, current_step: 1500 } });
  await isMoved.waitFor();
  server.engine.refuseNext(
    'restore.plan',
    new Refusal('NOT_FOUND', 'There is no complete checkpoint of step 1,100 of main.', {
      next: 'The nearest one that is kept is step 1,180 of main.',
    }),
  );
  const said = dialog.getByRole('alert');
  await said.getByText('no complete checkpoint of step 1,100', { exact: false }).waitFor();
  await said.getByText('The nearest one that is kept is step 1,180', { exact: false }).waitFor();
  // Closed, it asks no more.
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  const asked = callsOf(server, 'restore.plan').length;
  await page.waitForTimeout(2000);
  expect(callsOf(server, 'restore.plan').length).toBe(asked);
});

test('it goes on when the dialog is closed, and the screen says so', async () => {
  const { page, server } = await stage();
  server.engine.restores.pace = 400;
  const dialog = await openRestore(page);
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  await dialog.getByText('It goes on when this is closed.').waitFor();
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  await page.getByText('Restore v001_sample is under way.').waitFor();
  expect(await restoreOf(page).isDisabled()).toBe(true);
  await page.getByRole('img', { name: /^Chart: 4 branches/ }).waitFor();
});

test('a failure says where it ended and what is safe, also to who comes later', async () => {
  const { page, server } = await stage();
  server.engine.restores.failsAt = {
    phase: 'back_up',
    message: 'The backup could not be written: the disk has 1.2 GB free, 1.6 GB are needed.',
  };
  const dialog = await openRestore(page);
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  const said = dialog.getByRole('alert');
  await said.getByText('The backup could not be written', { exact: false }).waitFor();
  await said.getByText('The model is unchanged.', { exact: false }).waitFor();
  await dialog.locator('[data-phase=back_up][data-state=failed]').waitFor();
  await page.keyboard.press('Escape');
  const banner = page.getByText('Restore v001_sample ended at: back up.');
  await banner.waitFor();
  await page.getByRole('button', { name: 'Dismiss: Restore v001_sample' }).click();
  await banner.waitFor({ state: 'detached' });
});

test('a plan that no longer holds is replaced by the one that does', async () => {
  const { page, server } = await stage();
  const dialog = await openRestore(page);
  server.engine.advance(3);
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  await dialog
    .getByText('The model has moved on since this was opened.', { exact: false })
    .waitFor();
  await dialog.getByText('The 315 steps marked above', { exact: false }).waitFor();
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  await dialog.getByText('Restored to step 1100', { exact: false }).waitFor();
  expect(callsOf(server, 'restore.carryOut')).toHaveLength(2);
});

test.each([
  ['BUSY', 'Another restore is under way.'],
  ['DISK_FULL', 'The disk has 1.2 GB free, 3.2 GB are needed.'],
] as const)('a refusal stands in the dialog: %s', async (code, message) => {
  const { page, server } = await stage();
  const dialog = await openRestore(page);
  server.engine.refuseNext('restore.carryOut', new Refusal(code, message, { next: 'Later.' }));
  await dialog.getByRole('button', { name: 'Back up and restore' }).click();
  await dialog.getByRole('alert').getByText(message).waitFor();
  expect(await dialog.getByRole('button', { name: 'Cancel' }).isEnabled()).toBe(true);
});

test('a plan that cannot be made says why', async () => {
  const { page, server } = await stage();
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

test('rollback, a checkpoint, a backup and a taken dataset open the same dialog', async () => {
  const { page, server } = await stage();
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
  await restoreOf(page).click();
  await opened('Restore step 1,460 of branch-2');
  await page.getByRole('button', { name: 'Pre-restore' }).click();
  await restoreOf(page).click();
  await opened('Restore backup pre-restore/20261124-094500');
  await page.getByRole('button', { name: 'v003_support-2026-10' }).click();
  await page.getByRole('button', { name: 'Take back: support_2026-10.jsonl' }).click();
  await opened('Undo support_2026-10.jsonl');
  await page.evaluate(() => {
    location.hash = '#/queue';
  });
  await page.getByRole('button', { name: 'Take back: support_2026-10.jsonl' }).click();
  await opened('Undo support_2026-10.jsonl');
  expect(sources).toEqual([
    { source: { kind: 'rollback' } },
    { source: { kind: 'checkpoint', branch: 'branch-2', step: 1460 } },
    { source: { kind: 'backup', id: 'pre-restore/20261124-094500' } },
    { source: { kind: 'undo_dataset', dataset: 'd-support-oct' } },
    { source: { kind: 'undo_dataset', dataset: 'd-support-oct' } },
  ]);
});

test('what does not hold a whole point of the lineage offers no restore, and says why', async () => {
  const { page } = await stage();
  await page.getByRole('button', { name: 'Emergency' }).click();
  await page.getByText('No restore from it: Its files are not as they were copied.').waitFor();
  expect(await restoreOf(page).isDisabled()).toBe(true);
  await page.getByRole('button', { name: /step 1,240 of main/ }).click();
  expect(await restoreOf(page).isDisabled()).toBe(true);
});

test('a disk without room: said in red, and nothing to press', async () => {
  const { page, server } = await stage();
  const dialog = await openRestore(page);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  server.engine.restores.freeBytes = 1_200_000_000;
  await restoreOf(page).click();
  await dialog.getByText(/3\.2\sGB are needed, the disk has 1\.2\sGB free\./).waitFor();
  expect(await dialog.getByRole('button', { name: 'Back up and restore' }).isDisabled()).toBe(true);
});

test('the keyboard alone: a point by arrows on the picture, its restore by Enter, and back', async () => {
  const { page, server } = await stage();
  const points = page.getByRole('slider', { name: 'Kept points of the lineage' });
  await points.focus();
  for (let n = 0; n < 30; n += 1) {
    if ((await points.getAttribute('aria-valuetext'))?.startsWith('v003') === true) break;
    await page.keyboard.press('ArrowLeft');
  }
  await page.getByRole('complementary', { name: 'Details of v003_support-2026-10' }).waitFor();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Restore v003_support-2026-10' });
  await dialog.getByText('none are kept of this step', { exact: false }).waitFor();
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Back up and restore');
  await page.keyboard.press('Space');
  await called(server, 'restore.carryOut');
  await dialog.getByText('Restored to step 1250 (branch-4).', { exact: false }).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'slider');
});

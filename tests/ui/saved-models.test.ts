/** The Models screen: lineage chart, backups and checkpoints, by pointer and keyboard. */
import { expect, test } from 'vitest';
import { Refusal } from '../../src-main/contract/index.ts';
import { called, callsOf, openPage, seriousFindings, type OpenPageOptions } from './open-page.ts';
import * as frame from './pages/frame.ts';
import * as models from './pages/models.ts';

const openModels = (options: OpenPageOptions = {}) =>
  openPage({ scene: 'branches', at: '#/models', height: 900, ...options });

test('the chart shows every branch and saved point, also as a table', async () => {
  const { page, complaints } = await openModels();
  await page
    .getByRole('img', { name: /3 branches, 15 saved points.*v002_faq at step 1,180/ })
    .waitFor();
  await page.getByRole('button', { name: 'Show as table' }).click();
  const dialog = page.getByRole('dialog', { name: 'Lineage as a table' });
  const kept = dialog.getByRole('table', { name: 'Saved points' });
  await expect.poll(() => kept.getByRole('row').count()).toBe(16);
  await expect
    .poll(() => kept.getByRole('row', { name: /v002_faq/ }).innerText())
    .toMatch(/main\s+1,180.*abandoned branch/s);
  await expect
    .poll(() => kept.getByRole('row', { name: /v001_sample main/ }).innerText())
    .toMatch(/active/);
  expect(complaints).toEqual([]);
});

test('pointer and arrow keys on the chart select the same points as the lists', async () => {
  const { page } = await openModels();
  const points = models.savedPoints(page);
  const box = await points.boundingBox();
  if (box === null) throw new Error('the picture has no box');
  const x = 48 + (1250 / 1460) * (box.width - 48 - 136);
  await points.hover({ position: { x, y: 12 } });
  await page.getByText('v003_support-2026-10, step 1,250 of branch-2', { exact: false }).waitFor();
  await points.click({ position: { x, y: 12 } });
  await models.details(page, 'v003_support-2026-10').waitFor();
  const row = page.getByRole('button', { name: 'v003_support-2026-10' });
  await expect.poll(() => row.getAttribute('aria-pressed')).toBe('true');
  await points.focus();
  await page.keyboard.press('End');
  await page.getByRole('complementary', { name: /Details of/ }).waitFor();
  await expect
    .poll(() => points.getAttribute('aria-valuetext'))
    .toContain('step 1,460 of branch-2');
  await expect.poll(() => points.getAttribute('aria-valuetext')).toContain('abandoned branch');
});

test('J, K and arrows move in each list', async () => {
  const { page } = await openModels();
  await models.list(page, 'Backups').focus();
  await page.keyboard.press('j');
  await models.details(page, 'pre-restore/20261124-094500').waitFor();
  await page.keyboard.press('ArrowDown');
  await models.details(page, 'manual/20261123-181200').waitFor();
  await page.keyboard.press('k');
  await models.list(page, 'Checkpoints').focus();
  await page.keyboard.press('End');
  await models.details(page, 'step 1,100 of main').waitFor();
  await page.keyboard.press('Home');
  await models.details(page, 'step 1,400 of branch-3').waitFor();
});

test('each backup shows its contents and last verification, which Verify now updates', async () => {
  const { page, server } = await openModels();
  const list = models.list(page, 'Backups');
  await list.getByText(/verified 2\sh 30\smin ago/).waitFor();
  await list
    .getByText('damaged: optimizer/moments.safetensors differs', { exact: false })
    .waitFor();
  const row = list.getByRole('row', { name: /Manual.*v001_sample/ });
  await row.getByText('not verified yet').waitFor();
  await row.getByRole('button').click();
  await page.getByRole('button', { name: 'Verify now' }).click();
  await row.getByText('verifying').waitFor();
  await row.getByText(/verified 0\ss ago|verified 1\ss ago/).waitFor();
  expect(callsOf(server, 'backups.verify')).toEqual([{ id: 'manual/20261123-181200' }]);
});

test('a backup is created from the model, a version or a folder; a refusal keeps the input', async () => {
  const { page, server } = await openModels();
  await page.getByRole('button', { name: 'Back up', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Back up' });
  const make = dialog.getByRole('button', { name: 'Back up' });
  await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT');
  await page.keyboard.type('before the holidays');
  await dialog.getByLabel('Folder on the engine’s machine').check();
  await expect.poll(() => make.isDisabled()).toBe(true);
  await dialog.getByRole('textbox', { name: 'Folder' }).fill('/home/ada/missing');
  server.engine.refuseNext(
    'backups.create',
    new Refusal('NOT_FOUND', 'There is no folder /home/ada/missing.'),
  );
  await make.click();
  await dialog.getByRole('alert').getByText('There is no folder /home/ada/missing.').waitFor();
  await dialog.getByRole('radio', { name: 'Version' }).check();
  await dialog.getByRole('combobox', { name: 'Version' }).selectOption('v002_faq');
  await dialog.getByLabel('Reason').press('Enter');
  await dialog.waitFor({ state: 'detached' });
  expect(callsOf(server, 'backups.create')[1]).toEqual({
    source: { kind: 'version', name: 'v002_faq' },
    type: 'manual',
    reason: 'before the holidays',
    by: 'you (window)',
  });
  await page.getByRole('complementary', { name: /Details of manual\/\d+$/ }).waitFor();
});

test('a backup is extracted to a folder; a refusal is shown next to the entered path', async () => {
  const { page, server, complaints } = await openModels();
  const list = models.list(page, 'Backups');
  await list
    .getByRole('row', { name: /Manual.*v001_sample/ })
    .getByRole('button')
    .click();
  await page.getByRole('button', { name: 'Extract to a folder' }).click();
  const dialog = page.getByRole('dialog', { name: 'Extract to a folder' });
  await dialog.getByText('of manual/20261123-181200', { exact: false }).waitFor();
  const extract = dialog.getByRole('button', { name: 'Extract' });
  await expect.poll(() => extract.isDisabled()).toBe(true);
  await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT');
  await page.keyboard.type('/home/ada/Nightshift/copy');
  server.engine.refuseNext(
    'backups.extract',
    new Refusal('INVALID', '/home/ada/Nightshift/copy lies in the workspace.', {
      next: 'Name a folder outside of it.',
    }),
  );
  await page.keyboard.press('Enter');
  const alert = dialog.getByRole('alert');
  await alert.getByText('lies in the workspace', { exact: false }).waitFor();
  await alert.getByText('Name a folder outside', { exact: false }).waitFor();
  const field = dialog.getByLabel('New folder');
  await expect.poll(() => field.inputValue()).toBe('/home/ada/Nightshift/copy');
  await field.fill('/media/ada/usb/manual');
  await expect.poll(() => alert.count()).toBe(0);
  expect(await seriousFindings(page)).toEqual([]);
  await extract.click();
  await dialog.getByText('Copying and verifying', { exact: false }).waitFor();
  const done = dialog.getByRole('status').getByText(/Extracted 7 files .* checksum OK/);
  await done.waitFor();
  await expect.poll(() => done.innerText()).toContain('/media/ada/usb/manual');
  expect(callsOf(server, 'backups.extract').at(-1)).toEqual({
    id: 'manual/20261123-181200',
    to: '/media/ada/usb/manual',
    by: 'you (window)',
  });
  await dialog.getByText('Close', { exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  // A damaged one is refused by the engine, and the dialog says so.
  await list
    .getByRole('row', { name: /Emergency/ })
    .getByRole('button')
    .click();
  await page.getByRole('button', { name: 'Extract to a folder' }).click();
  await dialog.getByLabel('New folder').fill('/media/ada/usb/emergency');
  server.engine.refuseNext(
    'backups.extract',
    new Refusal('NOT_READY', 'Backup emergency/20261122-031100 is damaged.'),
  );
  await extract.click();
  await alert.getByText('is damaged', { exact: false }).waitFor();
  expect(complaints).toEqual([]);
});

test('the clean-up of backups shows its plan with reasons before it deletes', async () => {
  const { page, server } = await openModels();
  await page.getByRole('button', { name: 'Clean up backups' }).click();
  const dialog = page.getByRole('dialog', { name: 'Clean up backups' });
  await dialog.getByText('Nothing to delete.').waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent === 'Cancel');
  await dialog.getByLabel(/older than/).fill('2');
  await dialog.getByRole('row', { name: /manual\/20261118-200000 older than 2 days/ }).waitFor();
  await dialog.getByText('the newest of the type emergency').waitFor();
  await dialog.getByRole('button', { name: 'Delete 1 backup' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(callsOf(server, 'backups.cleanup').at(-1)).toMatchObject({
    retention_days: 2,
    execute: true,
    by: 'you (window)',
  });
  await expect.poll(() => page.getByText('spring-adapters').count()).toBe(0);
});

test('verifying a branch shows the checkpoint to resume from and the skipped ones', async () => {
  const { page } = await openModels();
  await page.getByRole('button', { name: 'Verify main' }).click();
  await page
    .getByRole('status')
    .getByText(/would resume at step 1,180 of branch main from .*; 1 skipped because model/)
    .waitFor();
});

test('checkpoints are cleaned up by plan, but not while training runs', async () => {
  const { page, server } = await openModels();
  const clean = page.getByRole('button', { name: 'Clean up checkpoints' });
  await expect.poll(() => clean.isDisabled()).toBe(true);
  await page.getByText('can’t clean up while training runs').waitFor();
  const { status } = server.engine.rooms();
  server.engine.change({
    status: { ...status, trainer: { ...status.trainer, alive: false, pid: null } },
  });
  await clean.click();
  const dialog = page.getByRole('dialog', { name: 'Clean up checkpoints' });
  await dialog.getByLabel('Keep per branch').fill('0');
  await dialog.getByText('Enter a whole number, 1 or more').waitFor();
  await dialog.getByLabel('Keep per branch').fill('1');
  await dialog.getByRole('row', { name: /step 1,380 of branch-3/ }).waitFor();
  await dialog.getByText(/Frees 6\.5\sGB\./).waitFor();
  await dialog.getByRole('button', { name: 'Delete 4 checkpoints' }).click();
  await called(server, 'checkpoints.cleanup', 2);
  await dialog.waitFor({ state: 'detached' });
  await expect
    .poll(() => page.getByRole('button', { name: /step 1,380 of branch-3/ }).count())
    .toBe(0);
});

test('the palette opens every dialog of the screen', async () => {
  const { page, server } = await openModels({ at: '#/dashboard' });
  for (const [typed, title] of [
    ['roll back', 'Roll back'],
    ['restore v002', 'Restore v002_faq'],
    ['create backup', 'Back up'],
    ['clean up backups', 'Clean up backups'],
    ['extract manual/20261123', 'Extract to a folder'],
  ] as const) {
    await frame.runCommand(page, typed);
    const dialog = page.getByRole('dialog', { name: title });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement !== document.body);
  }
  await frame.runCommand(page, 'verify checkpoints');
  await called(server, 'checkpoints.verify');
});

test('empty lists say when their first item is created', async () => {
  const { page, server } = await openModels();
  const { lineage } = server.engine.rooms();
  server.engine.change({ versions: [], backups: [], lineage: { ...lineage, checkpoints: [] } });
  await page.getByText('you can create one from any checkpoint', { exact: false }).waitFor();
  await page.getByText('One is created before every restore.', { exact: false }).waitFor();
  await page.getByText('The first one is saved during training.', { exact: false }).waitFor();
});

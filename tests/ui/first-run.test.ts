/** First run: its choices, its commands to the engine, and the change to the dashboard. */
import { expect, test } from 'vitest';
import { called, callsOf, openPage } from './open-page.ts';
import { setupOf } from './pages/setup.ts';

test('it shows workspace and machine, offers three base models, and requests the selected one', async () => {
  const { page, server } = await openPage({ scene: 'first_run' });
  await page.getByText('/home/ada/Nightshift').waitFor();
  await page.getByText('Python 3.11.7, torch 2.13.0').waitFor();
  const { bases } = setupOf(page);
  await expect.poll(() => bases.getByRole('radio').count()).toBe(3);
  await bases.getByRole('radio', { name: 'Starter' }).check();
  await setupOf(page).useModel.click();
  expect(await called(server, 'setup.choose')).toEqual({ base: 'starter', folder: null });
});

test('a folder needs its path before it can be used', async () => {
  const { page, server } = await openPage({ scene: 'first_run' });
  await page.getByRole('radio', { name: 'A local folder' }).check();
  const use = setupOf(page).useModel;
  await expect.poll(() => use.isDisabled()).toBe(true);
  await page.getByText('Enter the path to the folder.').waitFor();
  await setupOf(page).folder.fill('  /models/llama  ');
  await use.click();
  expect(await called(server, 'setup.choose')).toEqual({ base: 'folder', folder: '/models/llama' });
});

test('one click adds the sample; with base model and dataset the dashboard opens', async () => {
  const { page, server } = await openPage({ scene: 'first_run' });
  await page.getByText('About 2 min to the first step').waitFor();
  await setupOf(page).useModel.click();
  await setupOf(page).useSample.click();
  await called(server, 'setup.sample');
  await page.getByRole('heading', { name: 'Dashboard' }).waitFor();
  expect(callsOf(server, 'setup.choose')).toEqual([{ base: 'smollm2', folder: null }]);
});

test('a base model in preparation shows its progress; a failed one shows the reason and can be retried', async () => {
  const { page, server } = await openPage({ scene: 'first_run' });
  const { setup } = server.engine.rooms();
  const withFirst = (change: Partial<(typeof setup)['bases'][number]>) => ({
    setup: {
      ...setup,
      bases: setup.bases.map((base, index) => (index === 0 ? { ...base, ...change } : base)),
    },
  });
  server.engine.change(withFirst({ state: 'making', progress: 0.4, message: 'fetching 93 MB' }));
  const bar = page.getByRole('progressbar', { name: 'Preparing SmolLM2-135M-Instruct' });
  await bar.waitFor();
  await expect.poll(() => bar.getAttribute('aria-valuenow')).toBe('40');
  server.engine.change(
    withFirst({ state: 'failed', progress: null, message: 'The network cannot be reached.' }),
  );
  await page.getByText('The network cannot be reached.').waitFor();
  await setupOf(page).tryAgain.click();
  expect(await called(server, 'setup.choose')).toEqual({ base: 'smollm2', folder: null });
});

test('a missing Python is reported with the machine', async () => {
  const { page, server } = await openPage({ scene: 'first_run' });
  const { setup } = server.engine.rooms();
  server.engine.change({
    setup: { ...setup, python: { state: 'missing', detail: 'No Python 3.10 or newer was found.' } },
  });
  await page.getByText('No Python 3.10 or newer was found.').waitFor();
});

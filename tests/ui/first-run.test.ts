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
  await page.getByRole('button', { name: 'Cancel' }).click();
  await called(server, 'setup.cancel');
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

test('a wrong folder is reported at its field, which keeps its path', async () => {
  const { page, server } = await openPage({ scene: 'first_run' });
  await page.getByRole('radio', { name: /folder/i }).check();
  const { folder, useModel } = setupOf(page);
  await folder.fill('/models/llama');
  const { setup } = server.engine.rooms();
  await useModel.click();
  await called(server, 'setup.choose');
  const base = { id: 'llama', label: 'llama', detail: 'from /models/llama', progress: null };
  const withLlama = (change: Partial<(typeof setup)['bases'][number]>) => ({
    setup: {
      ...setup,
      bases: [...setup.bases, { ...base, state: 'making' as const, message: null, ...change }],
    },
  });
  server.engine.change(withLlama({}));
  await page.getByRole('progressbar', { name: 'Preparing llama' }).waitFor();
  const problem = '/models/llama has no config.json.';
  server.engine.change(withLlama({ state: 'failed', message: problem }));
  await expect.poll(() => folder.getAttribute('aria-invalid')).toBe('true');
  expect(await folder.inputValue()).toBe('/models/llama');
  const described = (await folder.getAttribute('aria-describedby')) ?? '';
  expect(await page.locator(`[id="${described}"]`).textContent()).toBe(problem);
});

test('the first run ends with the answers before and after, until they are closed', async () => {
  const { page, server } = await openPage({ scene: 'training' });
  const { datasets, versions } = server.engine.rooms();
  const done = datasets.filter(({ place }) => place === 'completed').slice(0, 1);
  server.engine.change({ datasets: done, versions: versions.slice(0, 1) });
  const result = page.getByRole('region', { name: 'First result' });
  await result.getByText('0 of 3 answers match before (1 unfinished), 3 of 3 after').waitFor();
  expect(await result.getByRole('row').count()).toBe(4);
  await result.getByRole('textbox', { name: 'Ask v002_faq' }).fill('Where is it?');
  await result.getByRole('button', { name: 'Ask', exact: true }).click();
  await result.getByText('v002_faq with seed 0: 12 characters.').waitFor();
  expect(await called(server, 'playground.ask')).toMatchObject({ model: 'v002_faq' });
  await result.getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => result.count()).toBe(0);
  await page.reload();
  await page.getByRole('heading', { name: 'Dashboard' }).waitFor();
  expect(await result.count()).toBe(0);
});

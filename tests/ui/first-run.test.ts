/** First run: what it offers, what it asks of the engine, and when it gives way to the dashboard. */
import { expect, test } from 'vitest';
import { called, callsOf, openStage } from './open-page.ts';

test('it names workspace and machine, offers three bases, and asks for the chosen one', async () => {
  const { page, server } = await openStage({ scene: 'first_run' });
  await page.getByText('/home/ada/Nightshift').waitFor();
  await page.getByText('Python 3.11.7, torch 2.13.0').waitFor();
  const bases = page.getByRole('radiogroup', { name: 'Base model' });
  expect(await bases.getByRole('radio').count()).toBe(3);
  await bases.getByRole('radio', { name: 'Starter' }).check();
  await page.getByRole('button', { name: 'Use this model' }).click();
  expect(await called(server, 'setup.choose')).toEqual({ base: 'starter', folder: null });
});

test('a folder needs its path before it can be used', async () => {
  const { page, server } = await openStage({ scene: 'first_run' });
  await page.getByRole('radio', { name: 'A local folder' }).check();
  const use = page.getByRole('button', { name: 'Use this model' });
  expect(await use.isDisabled()).toBe(true);
  await page.getByText('The path of the folder is missing.').waitFor();
  await page.getByLabel('Path of the model folder').fill('  /models/llama  ');
  await use.click();
  expect(await called(server, 'setup.choose')).toEqual({ base: 'folder', folder: '/models/llama' });
});

test('one click takes the sample; with base and dataset the dashboard follows', async () => {
  const { page, server } = await openStage({ scene: 'first_run' });
  await page.getByText('4 things to go').or(page.getByText('3 things to go')).waitFor();
  await page.getByRole('button', { name: 'Use this model' }).click();
  await page.getByRole('button', { name: 'Use the sample' }).click();
  await called(server, 'setup.sample');
  await page.getByRole('heading', { name: 'Dashboard' }).waitFor();
  expect(callsOf(server, 'setup.choose')).toEqual([{ base: 'smollm2', folder: null }]);
});

test('a base that is being made shows how far it is; one that failed says why and is tried again', async () => {
  const { page, server } = await openStage({ scene: 'first_run' });
  const { setup } = server.engine.rooms();
  const withFirst = (change: Partial<(typeof setup)['bases'][number]>) => ({
    setup: {
      ...setup,
      bases: setup.bases.map((base, index) => (index === 0 ? { ...base, ...change } : base)),
    },
  });
  server.engine.change(withFirst({ state: 'making', progress: 0.4, message: 'fetching 93 MB' }));
  const bar = page.getByRole('progressbar', { name: 'Making SmolLM2-135M-Instruct' });
  await bar.waitFor();
  expect(await bar.getAttribute('aria-valuenow')).toBe('40');
  server.engine.change(
    withFirst({ state: 'failed', progress: null, message: 'The network cannot be reached.' }),
  );
  await page.getByText('The network cannot be reached.').waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  expect(await called(server, 'setup.choose')).toEqual({ base: 'smollm2', folder: null });
});

test('no Python is said where the machine is described', async () => {
  const { page, server } = await openStage({ scene: 'first_run' });
  const { setup } = server.engine.rooms();
  server.engine.change({
    setup: { ...setup, python: { state: 'missing', detail: 'No Python 3.10 or newer was found.' } },
  });
  await page.getByText('No Python 3.10 or newer was found.').waitFor();
});

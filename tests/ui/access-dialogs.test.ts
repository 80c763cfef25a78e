/** Every dialog: no serious axe findings in both themes, nothing clipped at the smallest window (640 px is 1280 px at 200 % zoom) and above. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import type { Scene } from '../contract/scenes/index.ts';
import { openPage } from './open-page.ts';
import { dialogSizes, press, findingsOf, type Place } from './tour.ts';

const models = (name: string, ...names: readonly RegExp[]): Place => ({
  name: `models, ${name}`,
  at: '#/models',
  open: press(...names),
});
const keys = (typed: string) => async (page: Page) => {
  await page.keyboard.press(typed);
  await page.getByRole('dialog').waitFor();
};

const places: Readonly<Partial<Record<Scene, readonly Place[]>>> = {
  training: [
    { name: 'stop', at: '#/dashboard', open: press(/^Stop$/) },
    { name: 'loss as a table', at: '#/dashboard', open: press(/Show as table/) },
    { name: 'commands', at: '#/dashboard', open: keys('Control+k') },
    { name: 'keys', at: '#/dashboard', open: keys('?') },
    { name: 'rows of a dataset', at: '#/queue', open: press(/Rows/) },
    { name: 'longer max_length', at: '#/data', open: raise },
    { name: 'save diagnostics', at: '#/logs', open: press(/Save diagnostics/) },
  ],
  branches: [
    models('create version', /Create version/),
    models('compare two', /Compare two/),
    models('lineage as a table', /Show as table/),
    models('restore', /v001_sample/, /^Restore$/),
    models('delete', /v002_faq/, /^Delete$/),
    models('back up', /^Back up$/),
    models('clean up backups', /Clean up backups/),
    models('extract a backup', /manual\/20261123/, /Extract to a folder/),
  ],
};

async function raise(page: Page): Promise<void> {
  await page.getByRole('button', { name: /too_long/ }).click();
  await page.getByRole('radio', { name: /Raise max_length/ }).check();
  await press(/^Raise max_length/)(page);
}

test.each(Object.keys(places) as Scene[])(
  'every dialog is accessible: %s',
  { timeout: 300_000 },
  async (scene) => {
    const { page } = await openPage({ scene, width: 1280, height: 900 });
    expect(await findingsOf(page, places[scene] ?? [], dialogSizes)).toEqual([]);
  },
);

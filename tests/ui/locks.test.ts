/**
 * The lock matrix in the form: every locked field shows a lock and the reason, and an edit can only
 * be staged.
 */
import { expect, test } from 'vitest';
import { controlOf } from '../../src-main/contract/index.ts';
import { locked, otherValue } from '../engine/fixtures/other-values.ts';
import { callsOf, openPage } from './open-page.ts';
import { configOf } from './pages/config.ts';

const valueAt = (values: unknown, key: string): unknown =>
  key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], values);

test('every locked key of the schema shows lock and reason, and its change is staged', async () => {
  const { page, server } = await openPage({ at: '#/config', scene: 'training' });
  const { config } = server.engine.rooms();
  const dataset = server.engine.rooms().status.current_dataset?.name ?? '';
  const wanted = new Map<string, unknown>();
  server.engine.change({
    config: {
      ...config,
      locks: Object.fromEntries(
        locked.map((key) => [key.key, `${key.key} is locked: ${dataset} is being trained.`]),
      ),
    },
  });
  for (const key of locked) {
    const row = configOf(page).field(key.key);
    const lock = row.getByTitle(/is locked/);
    await lock.getByText('locked').waitFor();
    await expect
      .poll(() => lock.getAttribute('title'), { message: key.key })
      .toContain(`${key.key} is locked`);
    await expect.poll(() => lock.getAttribute('title'), { message: key.key }).toContain(dataset);
    const now = valueAt(config.values, key.key);
    const other = otherValue(key, now);
    const control = controlOf(key.key);
    if (JSON.stringify(other) === JSON.stringify(now)) continue;
    wanted.set(key.key, other);
    const select = row.locator('select');
    if ((await select.count()) > 0) await select.selectOption(String(other));
    else if (control.kind === 'switch' || control.kind === 'choice') {
      const text = control.kind === 'switch' ? (other === true ? 'on' : 'off') : String(other);
      await row.getByText(text.replaceAll('_', ' '), { exact: true }).first().click();
    } else await row.locator('input').first().fill(String(other));
    await row.getByText('until this dataset ends, then', { exact: false }).waitFor();
  }
  expect(locked.length - wanted.size, 'keys with one allowed value').toBe(1);
  const { unsaved } = configOf(page);
  // There is no button that would make them now.
  await expect
    .poll(() => unsaved.getByRole('button', { name: 'Save', exact: false }).count())
    .toBe(0);
  await unsaved.getByRole('button', { name: 'Stage for next dataset' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Change from next dataset' }).click();
  await expect
    .poll(() => callsOf(server, 'config.set').length, { timeout: 30_000 })
    .toBe(wanted.size);
  for (const call of callsOf(server, 'config.set')) {
    const { key, value, stage } = call as { key: string; value: unknown; stage: boolean };
    expect(stage, key).toBe(true);
    expect(value, key).toEqual(wanted.get(key));
  }
  await page
    .getByText('staged', { exact: true })
    .nth(wanted.size - 1)
    .waitFor();
  expect(server.engine.rooms().config.values).toEqual(config.values);
});

/** The recovery drill in Health: started, followed and canceled. */
import { expect, test } from 'vitest';
import { openPage } from './open-page.ts';

test('the drill is started, shows what was measured, and is canceled', async () => {
  const { page } = await openPage({ at: '#/health' });
  const drill = page.getByRole('region', { name: 'Recovery drill' });
  await drill.getByText('your workspace is not touched').waitFor();
  await drill.getByRole('button', { name: 'Run the drill' }).click();
  const items = drill.getByRole('listitem');
  await expect.poll(() => items.count()).toBe(7);
  await expect
    .poll(() => items.first().innerText())
    .toMatch(/kill -9\)\s+passed\s+Training again after 5.1.s, 3 steps repeated\./);
  await expect.poll(() => items.nth(1).innerText()).toContain('running');
  await drill.getByRole('button', { name: 'Cancel the drill' }).click();
  await drill.getByText(/^Canceled after 1 exercise, started/).waitFor();
  await drill.getByRole('button', { name: 'Run the drill' }).waitFor();
});

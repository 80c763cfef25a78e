/** A lost connection is shown as one, keeps what was known with its time, and heals by itself. */
import { expect, test } from 'vitest';
import { startScriptedServer } from '../contract/scripted-server.ts';
import { called, live, openStage } from './stage.ts';

test('an engine that ends is called lost within seconds, its values old; a new one is found', async () => {
  const { page, server } = await openStage();
  const { port } = server;
  await server.close();
  await page.locator('[data-state="Connection lost"]').waitFor({ timeout: 8000 });
  await page.getByText('The window has not heard from the engine', { exact: false }).waitFor();
  await page.getByText('Training does not depend on the window.', { exact: false }).waitFor();
  expect(await page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
  // What was known stays, marked as old.
  await page.getByText('last heard', { exact: false }).first().waitFor();
  await page.getByText('gsm8k_train.jsonl').first().waitFor();
  const next = await startScriptedServer({ scene: 'paused', port });
  try {
    await live(page);
    await page.locator('[data-state="Paused"]').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await called(next, 'training.resume');
  } finally {
    await next.close();
  }
});

test('a change that was lost on the way leads to a new snapshot', async () => {
  const { page, server } = await openStage();
  await page.getByText('step 140 of 467', { exact: false }).waitFor();
  server.engine.loseOneChange();
  server.engine.advance(10);
  await page.getByText('step 150 of 467', { exact: false }).waitFor();
});

test('without a ticket there is no page', async () => {
  const { server } = await openStage();
  const answer = await fetch(`http://127.0.0.1:${String(server.port)}/ws`);
  expect(answer.ok).toBe(false);
});

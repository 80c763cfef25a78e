/**
 * Kills window, engine and trainer in different orders, with the real engine and a real trainer on
 * the CPU.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { TrainingStatus } from '../../src-main/contract/index.ts';
import {
  answerDialogs,
  asked,
  buildParts,
  connected,
  ended,
  found,
  isRunning,
  node24,
  root,
  Scenario,
  until,
  type Launched,
} from './launch.ts';
import { attached, launchTraining, stateLine, status } from './training.ts';

describe.skipIf(found.runtime === null)('an engine without training', () => {
  let scenario: Scenario;
  beforeAll(() => {
    buildParts();
  });
  afterEach(async () => {
    await scenario.clear();
  });

  test('restarts a killed engine and shows a notification; quitting ends the engine', async () => {
    scenario = await Scenario.begin();
    const launched = await scenario.launch();
    await attached(scenario);
    const first = scenario.engine() ?? 0;
    const ticketed = launched.page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          window.nightshift.onConnection(() => {
            void window.nightshift.connection().then(({ url }) => {
              resolve(url);
            });
          });
        }),
    );
    process.kill(first, 'SIGKILL');
    const second = await until(() => {
      const now = scenario.engine();
      return now === first ? null : now;
    }, 'another engine');
    await attached(scenario);
    expect(await ticketed).toMatch(/^ws:/);
    await connected(launched.page);
    const notification = await until(() => scenario.session.notifications[0], 'the notification');
    expect(notification.title).toMatch(/^The engine was restarted in \d+\.\d.s$/);
    expect(notification.body).toContain('signal SIGKILL');
    await scenario.session.clickTrayMenu('Quit');
    await ended(launched);
    await until(() => !isRunning(second), 'the engine to end');
    await expect
      .poll(() => readFileSync(join(scenario.userData, 'engine.log'), 'utf8'))
      .toContain('Engine stopped.');
  });

  test('attaches to an engine it did not start and leaves it running', async () => {
    scenario = await Scenario.begin();
    const engine = spawn(
      node24,
      [join(root, 'out/engine/engine.mjs'), '--workspace', scenario.workspace],
      { env: scenario.environment(), stdio: 'ignore' },
    );
    await until(() => scenario.engine(), 'the engine');
    const launched = await scenario.launch();
    await attached(scenario);
    expect(scenario.engine()).toBe(engine.pid);
    await scenario.session.clickTrayMenu('Quit');
    await ended(launched);
    // An engine that was told to leave no longer answers.
    await status(scenario);
    expect(isRunning(engine.pid ?? 0)).toBe(true);
  });
});

describe.skipIf(found.runtime === null)('an engine with a trainer', () => {
  let scenario: Scenario;
  let launched: Launched;
  let trainer = 0;
  beforeAll(async () => {
    buildParts();
    scenario = await Scenario.begin();
    launched = await launchTraining(scenario);
    trainer = (await status(scenario)).trainer.pid ?? 0;
  });
  afterAll(async () => {
    await scenario.clear();
  });

  test('the tray shows training, pauses it with a checkpoint, and resumes it', async () => {
    await until(
      async () => (await stateLine(scenario)).startsWith('Training sums.jsonl'),
      'Training',
    );
    await until(() => scenario.session.inhibitors.size === 1, 'sleep to be inhibited');
    await scenario.session.clickTrayMenu('Pause');
    await until(async () => (await stateLine(scenario)).startsWith('Paused'), 'Paused', 20_000);
    expect((await status(scenario)).state).toBe('paused');
    await until(() => scenario.session.inhibitors.size === 0, 'sleep to be allowed');
    await scenario.session.clickTrayMenu('Resume');
    await until(async () => (await stateLine(scenario)).startsWith('Training'), 'Training', 30_000);
    trainer = (await status(scenario)).trainer.pid ?? 0;
  });

  test('closing the window does not affect training', async () => {
    const before = (await status(scenario)).current_step ?? 0;
    await launched.app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.close();
    });
    await until(
      async () => ((await status(scenario)).current_step ?? 0) > before + 2,
      'more steps',
      30_000,
    );
    expect((await status(scenario)).trainer.pid).toBe(trainer);
  });

  test('restarts a killed engine while the same trainer keeps running', async () => {
    const first = scenario.engine() ?? 0;
    process.kill(first, 'SIGKILL');
    await until(() => {
      const now = scenario.engine();
      return now === first ? null : now;
    }, 'another engine');
    await until(async () => (await stateLine(scenario)).startsWith('Training'), 'Training', 20_000);
    const now = await status(scenario);
    expect([now.trainer.pid, now.trainer.alive]).toEqual([trainer, true]);
  });

  test('killing the window leaves engine and trainer running; the next start attaches', async () => {
    const engine = scenario.engine();
    process.kill(launched.pid, 'SIGKILL');
    await ended(launched);
    launched = await scenario.launch();
    await until(async () => (await stateLine(scenario)).startsWith('Training'), 'Training', 20_000);
    await connected(launched.page);
    // It may have started saving in the meantime.
    await expect
      .poll(() => launched.page.getByRole('status').first().innerText())
      .toMatch(/Training|Saving/);
    expect(scenario.engine()).toBe(engine);
    expect((await status(scenario)).trainer.pid).toBe(trainer);
  });

  test('quitting asks; Cancel stays, Keep training leaves engine and trainer running', async () => {
    await answerDialogs(launched.app, 2);
    await scenario.session.clickTrayMenu('Quit');
    await until(async () => (await asked(launched.app)).length === 1, 'the question');
    expect((await asked(launched.app))[0]?.message).toMatch(/^sums\.jsonl is training/);
    // It stayed: it asks again.
    await scenario.session.clickTrayMenu('Quit');
    await until(async () => (await asked(launched.app)).length === 2, 'the second question');
    expect(isRunning(launched.pid)).toBe(true);
    await answerDialogs(launched.app, 0);
    await scenario.session.clickTrayMenu('Quit');
    await ended(launched);
    expect([scenario.engine() !== null, isRunning(trainer)]).toEqual([true, true]);
  });

  test('quitting with a stop saves a checkpoint and ends window, engine and trainer', async () => {
    launched = await scenario.launch();
    await until(async () => (await stateLine(scenario)).startsWith('Training'), 'Training', 20_000);
    const engine = scenario.engine() ?? 0;
    const step = (await status(scenario)).current_step ?? 0;
    await answerDialogs(launched.app, 1);
    await scenario.session.clickTrayMenu('Quit');
    await until(() => !isRunning(launched.pid), 'the application to end', 60_000);
    await until(
      () => !isRunning(engine) && !isRunning(trainer),
      'engine and trainer to end',
      20_000,
    );
    const file = join(scenario.workspace, 'status/training_status.json');
    expect(existsSync(file)).toBe(true);
    const last = JSON.parse(readFileSync(file, 'utf8')) as TrainingStatus;
    expect(last.last_checkpoint_step ?? 0).toBeGreaterThanOrEqual(step);
  });
});

/** The emergency stop: touch `.stop`. Saves a checkpoint, then stays stopped across restarts until the user resumes. */
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { PLAIN_TRAINING, EngineProcess, questions, until } from './engine-process.ts';

const engine = new EngineProcess();
afterAll(() => engine.end());

test('.stop saves, ends the trainer, stays stopped after a restart, and the dataset later continues at the same position', async () => {
  await engine.configure({
    ...PLAIN_TRAINING,
    batch_size: 8,
    epochs: 3,
    save_steps: 1000,
  });
  await engine.start();
  await engine.base('starter');
  const [added] = await engine.add([await engine.file('rows.jsonl', questions(700, 11))]);
  await until('step 10', async () => ((await engine.status()).current_step ?? 0) >= 10, 120, 30);
  await writeFile(path.join(engine.workspace, '.stop'), '');
  const stopped = await until(
    'stopped',
    async () => {
      const now = await engine.status();
      return now.state === 'stopped' && !now.trainer.alive ? now : null;
    },
    60,
  );
  expect(stopped.last_checkpoint_step).toBeGreaterThanOrEqual(10);
  await until('.stop is renamed', () => !existsSync(path.join(engine.workspace, '.stop')), 30);
  expect(readdirSync(engine.workspace).some((name) => name.startsWith('.stop.done-'))).toBe(true);

  engine.kill();
  await engine.start();
  await expect.poll(async () => (await engine.status()).state).toBe('stopped');
  await engine.post('/training/resume');
  await engine.completed([added?.id ?? ''], 200);
  const account = (await engine.dataset(added?.id ?? '')).account;
  expect(Object.keys(account?.trained ?? {})).toEqual(['3']);
  expect(account?.remaining).toBe(0);
}, 400_000);

/** The emergency stop: touch `.stop`. Checkpoint, then still; latched over restarts until the user resumes. */
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Nightshift, questions, until } from './harness.ts';

const shift = new Nightshift();
afterAll(() => shift.end());

test('.stop saves, ends the trainer, stays stopped over a restart, and the dataset continues where it was', async () => {
  await shift.configure({
    batch_size: 8,
    epochs: 3,
    save_steps: 1000,
    max_length: 256,
    eval_steps: 100000,
    preview_steps: 100000,
    generate_samples: 0,
    disk: { min_free_gb: 0 },
  });
  await shift.start();
  await shift.base('starter');
  const [added] = await shift.add([await shift.file('rows.jsonl', questions(700, 11))]);
  await until('step 10', async () => ((await shift.status()).current_step ?? 0) >= 10, 120, 30);
  await writeFile(path.join(shift.workspace, '.stop'), '');
  const stopped = await until(
    'stopped',
    async () => {
      const now = await shift.status();
      return now.state === 'stopped' && !now.trainer.alive ? now : null;
    },
    60,
  );
  expect(stopped.last_checkpoint_step).toBeGreaterThanOrEqual(10);
  await until('.stop is put aside', () => !existsSync(path.join(shift.workspace, '.stop')), 30);
  expect(readdirSync(shift.workspace).some((name) => name.startsWith('.stop.done-'))).toBe(true);

  shift.kill();
  await shift.start();
  expect((await shift.status()).state).toBe('stopped');
  await shift.post('/training/resume');
  await shift.completed([added?.id ?? ''], 200);
  const account = (await shift.dataset(added?.id ?? '')).account;
  expect(Object.keys(account?.trained ?? {})).toEqual(['3']);
  expect(account?.remaining).toBe(0);
}, 400_000);

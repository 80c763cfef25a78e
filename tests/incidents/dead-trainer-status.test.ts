/** Incident 5: the daemon was dead for 30 hours and the interface said "training". A dead trainer is never shown as training, and old data shows its age. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import {
  PLAIN_TRAINING,
  commandLine,
  EngineProcess,
  gone,
  questions,
  until,
} from './engine-process.ts';

const run = promisify(execFile);
const engine = new EngineProcess();
afterAll(() => engine.end());

test('after kill -9 of engine and trainer the command line no longer says training and shows the age of the last status', async () => {
  await engine.configure({
    ...PLAIN_TRAINING,
    batch_size: 2,
    epochs: 20,
    save_steps: 10,
  });
  await engine.start();
  await engine.base('starter');
  await engine.add([await engine.file('long.jsonl', questions(600, 5))]);
  await until('training', async () => (await engine.status()).state === 'training', 120);
  await until('step 12', async () => ((await engine.status()).current_step ?? 0) >= 12, 120);
  const trainer = await until('a trainer', () => engine.trainerPid(), 30);

  const node = path.resolve(import.meta.dirname, '../../node_modules/node/bin/node');
  const ask = (...words: string[]) =>
    run(node, [commandLine, '--workspace', engine.workspace, 'status', ...words], {
      env: engine.environment(),
    }).catch((error: unknown) => error as { stdout: string; stderr: string; code: number });
  expect((await ask()).stdout.toLowerCase()).toContain('training');

  engine.kill();
  process.kill(trainer, 'SIGKILL');
  await engine.killed();
  await gone(trainer);
  const text = await ask();
  const words = `${text.stdout}${text.stderr}`.toLowerCase();
  expect(words).not.toMatch(/\btraining\b(?! is not| has stopped)/);
  expect(words).toMatch(/no engine/);
  expect(words).toMatch(/\d+(\.\d+)?\s(s|min) ago/);
  const facts = JSON.parse((await ask('--json')).stdout) as {
    state: string;
    trainer: { alive: boolean };
  };
  expect(facts.state).not.toBe('training');
  expect(facts.trainer.alive).toBe(false);
}, 300_000);

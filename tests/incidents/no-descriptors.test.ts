/** An engine that can open no file any more sees nothing; its trainer goes on, alone, and obeys afterwards. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EngineProcess, PLAIN_TRAINING, questions, until } from './engine-process.ts';

let engine: EngineProcess;
beforeEach(() => {
  engine = new EngineProcess();
});
afterEach(async () => {
  await engine.end();
});

const trainRuns = (): string[] =>
  readdirSync(path.join(engine.workspace, 'runs')).filter((name) => name.includes('-train-'));

const heartbeat = (run: string): number => {
  const file = path.join(engine.workspace, 'runs', run, 'heartbeat');
  return (JSON.parse(readFileSync(file, 'utf8')) as { seq: number }).seq;
};

const limit = (files: number): void => {
  execFileSync('prlimit', ['--pid', String(engine.enginePid), `--nofile=${files}:`]);
};

test('issue 11, 6: without a descriptor left, no second trainer starts beside the living one', async ({
  skip,
}) => {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'pipe' });
  } catch {
    skip('prlimit is not installed');
  }
  await engine.configure({ ...PLAIN_TRAINING, batch_size: 8, epochs: 20, save_steps: 100_000 });
  await engine.start();
  await engine.base('starter');
  await engine.add([await engine.file('rows.jsonl', questions(700, 11))]);
  const pid = await until('a step', async () => {
    const status = await engine.status();
    return status.state === 'training' && status.trainer.alive ? status.trainer.pid : null;
  });
  const [run = ''] = trainRuns();
  limit(3);
  const before = heartbeat(run);
  // Some seconds of the trainer: every poll of the engine fails meanwhile, at one place or another.
  await until('20 heartbeats', () => heartbeat(run) >= before + 20, 60);
  // And at some polls for a moment only: the process is looked for in it, its files after it.
  for (let turn = 0; turn < 400; turn += 1) {
    limit(3);
    limit(4096);
    await new Promise((resolve) => setTimeout(resolve, turn % 7));
  }
  expect(trainRuns()).toEqual([run]);
  limit(4096);
  const status = await until('the status', async () => {
    const now = await engine.status();
    return now.trainer.alive && now.state === 'training' ? now : null;
  });
  expect(status.trainer.pid).toBe(pid);
  const failures = (await engine.journal()).filter(({ what }) => what === 'engine.failure');
  // Each repeated failure is one line a minute.
  expect(failures.length).toBeLessThan(20);
  expect(failures.filter(({ text }) => text.startsWith('trainer.poll')).length).toBeLessThan(3);
  const paused = await engine.post<{ acted: boolean; state: string }>('/training/pause');
  expect(paused.body).toMatchObject({ acted: true, state: 'paused' });
  expect(trainRuns()).toEqual([run]);
  expect((await engine.status()).trainer.pid).toBe(pid);
}, 240_000);

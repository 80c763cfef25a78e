/** Incident 29: a configuration edited in mid-run. One lock map, enforced in the engine; a hand edit plus a crash does not change the pass. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConfigState, RefusalData } from '../../src-main/contract/index.ts';
import { commandLine, Nightshift, questions, until } from './harness.ts';

const run = promisify(execFile);
const shift = new Nightshift();
let dataset = '';

beforeAll(async () => {
  await shift.configure({
    batch_size: 2,
    epochs: 6,
    learning_rate: 1e-3,
    warmup_steps: 5,
    max_length: 256,
    save_steps: 10,
    eval_steps: 100000,
    preview_steps: 100000,
    generate_samples: 0,
    disk: { min_free_gb: 0 },
  });
  await shift.start();
  await shift.base('starter');
  const [added] = await shift.add([await shift.file('long.jsonl', questions(900, 3))]);
  dataset = added?.id ?? '';
  await until('step 12', async () => ((await shift.status()).current_step ?? 0) >= 12, 120);
}, 300_000);
afterAll(() => shift.end());

test('a locked key is refused over HTTP, with the reason', async () => {
  const answer = await shift.post<{ code: string; message: string; data: RefusalData }>('/config', {
    key: 'learning_rate',
    value: 0.5,
  });
  expect(answer.status).toBe(423);
  expect(answer.body.code).toBe('LOCKED');
  expect(answer.body.message).toContain('learning_rate');
  expect((await shift.config()).values.learning_rate).toBe(1e-3);
});

test('a locked key is refused on the command line, exit code 3', async () => {
  const node = path.resolve(import.meta.dirname, '../../node_modules/node/bin/node');
  const failure = await run(
    node,
    [commandLine, '--workspace', shift.workspace, 'config', 'set', 'batch_size', '64'],
    { env: shift.environment() },
  ).then(
    () => null,
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
  expect(failure?.code).toBe(3);
  expect(`${failure?.stdout}${failure?.stderr}`).toContain('batch_size');
  expect((await shift.config()).values.batch_size).toBe(2);
});

test('a locked change can be staged for the next dataset and taken back', async () => {
  const staged = await shift.post<ConfigState>('/config', {
    key: 'learning_rate',
    value: 0.002,
    stage: true,
  });
  expect(staged.status).toBe(200);
  expect(staged.body.staged).toEqual({ learning_rate: 0.002 });
  expect(staged.body.values.learning_rate).toBe(1e-3);
  expect(
    (await shift.post<ConfigState>('/config/unstage', { key: 'learning_rate' })).body.staged,
  ).toEqual({});
});

test('a dangerous key needs its own confirmation', async () => {
  const answer = await shift.post<{ code: string }>('/config', {
    key: 'max_length',
    value: 512,
    stage: true,
  });
  expect(answer.status).toBe(428);
  expect(answer.body.code).toBe('NEEDS_CONFIRMATION');
});

test('a hand edit and a kill -9 of the trainer do not change the pass, and are reported', async () => {
  const file = path.join(shift.workspace, 'config.json');
  const own = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...own, learning_rate: 0.9, batch_size: 1 }));
  const pid = await until('a trainer', () => shift.trainerPid(), 60);
  process.kill(pid, 'SIGKILL');
  await until('the next trainer', async () => {
    const now = await shift.trainerPid();
    return now !== null && now !== pid;
  });
  const at = (await shift.status()).current_step ?? 0;
  await until(
    'ten more steps',
    async () => ((await shift.status()).current_step ?? 0) >= at + 10,
    120,
  );
  const points = await shift.lines<{ t: number; lr: number; examples: number }>('metrics.jsonl');
  expect(points.at(-1)?.lr).toBeCloseTo(1e-3, 9);
  expect(points.at(-1)?.examples).toBe(2);
  const drift = await until('the drift report', async () => {
    const state = await shift.config();
    return state.drift.length > 0 ? state.drift : null;
  });
  expect(drift.map((one) => one.key).sort()).toEqual(['batch_size', 'learning_rate']);
  const frozen = JSON.parse(
    await readFile(path.join(shift.workspace, 'data/datasets', dataset, 'pass.json'), 'utf8'),
  ) as { config: { learning_rate: number } };
  expect(frozen.config.learning_rate).toBe(1e-3);
}, 240_000);

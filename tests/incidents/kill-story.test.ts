/**
 * Trains two datasets in one lineage twice, shuffled and packed, with evaluation, previews and attention dropout 0.1: once undisturbed,
 * once with three pauses, one stop, one kill -9 of the trainer during a save and one kill -9 of the engine. The final weights are
 * bitwise equal, no row is lost, and no row is counted twice.
 */
import { existsSync, readdirSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rowSum } from '../support/row-sum.ts';
import { EngineProcess, questions, sha256, until } from './engine-process.ts';

const saveSteps = 10;
const config = {
  batch_size: 8,
  epochs: 2,
  learning_rate: 1e-3,
  warmup_steps: 12,
  max_length: 256,
  precision: 'fp32',
  save_steps: saveSteps,
  eval_steps: 25,
  eval_samples: 40,
  generate_samples: 4,
  eval_max_new_tokens: 24,
  preview_steps: 15,
  seed: 7,
  disk: { min_free_gb: 0 },
  watchdog: { backoff_first_seconds: 0.2 },
};

const undisturbed = new EngineProcess();
const disturbed = new EngineProcess();
afterAll(async () => {
  await undisturbed.end();
  await disturbed.end();
});

/** The starter with attention dropout 0.1 in its config.json, used as a local folder. */
async function baseWithDropout(from: EngineProcess): Promise<string> {
  const folder = path.join(path.dirname(from.workspace), 'dropout-base');
  if (existsSync(folder)) return folder;
  await cp(path.join(from.workspace, 'models/starter'), folder, { recursive: true });
  const file = path.join(folder, 'config.json');
  const facts = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...facts, attention_dropout: 0.1 }, null, 2));
  return folder;
}

async function begin(app: EngineProcess, base: string): Promise<string[]> {
  await app.configure(config);
  await app.start();
  await app.base('folder', base);
  const first = await app.file('first.jsonl', questions(360, 1));
  const second = await app.file('second.jsonl', questions(320, 2));
  return (await app.add([first, second])).map((dataset) => dataset.id);
}

async function stepAtLeast(app: EngineProcess, step: number): Promise<void> {
  await until(
    `step ${step}`,
    async () => ((await app.status()).current_step ?? 0) >= step,
    240,
    50,
  );
}

async function pauseAndResume(app: EngineProcess): Promise<void> {
  await app.post('/training/pause');
  await until('paused', async () => (await app.status()).state === 'paused', 60, 100);
  await app.post('/training/resume');
  await until('training again', async () => (await app.status()).state !== 'paused', 60, 100);
}

/** Kills the trainer while an unfinished save is in the checkpoint folder. */
async function killInsideSave(app: EngineProcess, log: string[]): Promise<void> {
  const root = path.join(app.workspace, 'current_model/checkpoints/main');
  const pid = await until('a trainer', () => app.trainerPid(), 60, 100);
  await until(
    'a save in progress',
    () => existsSync(root) && readdirSync(root).some((name) => name.endsWith('.partial')),
    120,
    2,
  );
  process.kill(pid, 'SIGKILL');
  log.push(`${new Date().toISOString()} kill -9 trainer ${pid} inside a save`);
  await until('another trainer', async () => {
    const now = await app.trainerPid();
    return now !== null && now !== pid;
  });
}

test(
  'weights after pauses, a stop, a kill during a save and a killed engine equal those of an undisturbed run',
  { timeout: 900_000 },
  async () => {
    const log: string[] = [];
    const maker = new EngineProcess();
    await maker.configure({ disk: { min_free_gb: 0 } });
    await maker.start();
    await maker.base('starter');
    const base = await baseWithDropout(maker);

    const quiet = await begin(undisturbed, base);
    await undisturbed.completed(quiet, 400);
    const expected = await sha256(
      path.join(undisturbed.newestCheckpoint(), 'model/model.safetensors'),
    );

    const loud = await begin(disturbed, base);
    await stepAtLeast(disturbed, 8);
    await pauseAndResume(disturbed);
    log.push('pause 1');
    await stepAtLeast(disturbed, 20);
    await killInsideSave(disturbed, log);
    await stepAtLeast(disturbed, 45);
    await pauseAndResume(disturbed);
    log.push('pause 2');

    await stepAtLeast(disturbed, 60);
    const trainerBefore = await until('a trainer', () => disturbed.trainerPid(), 60, 50);
    disturbed.kill();
    log.push(`${new Date().toISOString()} kill -9 engine`);
    // It trains on without the engine.
    const written = async () => (await disturbed.lines('metrics.jsonl')).length;
    const before = await written();
    await until('steps without an engine', async () => (await written()) > before + 2, 60, 50);
    await disturbed.start();
    const trainerAfter = await until('the adopted trainer', () => disturbed.trainerPid(), 60, 50);
    expect(trainerAfter, 'the trainer goes on under the same pid').toBe(trainerBefore);

    await stepAtLeast(disturbed, 100);
    await disturbed.post('/training/stop', { now: true });
    await until('stopped', async () => (await disturbed.status()).state === 'stopped', 60, 100);
    log.push('stop now');
    await disturbed.post('/training/resume');
    await stepAtLeast(disturbed, 130);
    await pauseAndResume(disturbed);
    log.push('pause 3');
    await disturbed.completed(loud, 400);
    const actual = await sha256(path.join(disturbed.newestCheckpoint(), 'model/model.safetensors'));

    console.log([...log, `undisturbed ${expected}`, `disturbed   ${actual}`].join('\n'));
    expect(actual, 'final weights, bitwise').toBe(expected);
    expect(path.basename(disturbed.newestCheckpoint())).toBe(
      path.basename(undisturbed.newestCheckpoint()),
    );

    const events = await disturbed.lines<{
      t: number;
      type: string;
      step?: number;
      lost_steps?: number;
      from?: string | null;
    }>('events.jsonl');
    const resumed = events.filter((event) => event.type === 'resumed' && event.from);
    expect(resumed.length).toBeGreaterThanOrEqual(2);
    for (const event of resumed) {
      expect(event.step).toBeGreaterThan(0);
      expect(event.lost_steps ?? 0).toBeLessThanOrEqual(saveSteps);
    }

    // The displayed curve has no gap and never goes backward; the learning rate on file 2 equals that on file 1.
    const shown = (
      await disturbed.get<{ curves: { lr: number[][] } }>('/metrics?keys[0]=lr&buckets=2000')
    ).body.curves.lr;
    const steps = shown.map((bucket) => bucket[0] ?? -1);
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, index) => index + 1));
    const points = await disturbed.lines<{ t: number; step: number; lr: number; dataset: string }>(
      'metrics.jsonl',
    );
    const lastOf = (id: string): number | undefined =>
      points.filter((point) => point.dataset === id).at(-1)?.lr;
    expect(lastOf(loud[1] as string)).toBe(lastOf(loud[0] as string));

    for (const id of loud) {
      const account = (await disturbed.dataset(id)).account;
      expect(account).not.toBeNull();
      if (account === null) continue;
      expect(Object.keys(account.trained)).toEqual(['2']);
      expect(rowSum(account)).toBe(account.rows);
      expect(account.remaining).toBe(0);
    }
    await maker.end();
  },
);

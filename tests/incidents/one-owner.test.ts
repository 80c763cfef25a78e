/** Incident 6: two daemons on one GPU. One engine per workspace, one trainer per device on the whole machine. */
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { PLAIN_TRAINING, EngineProcess, questions, until } from './engine-process.ts';

const first = new EngineProcess();
const second = new EngineProcess({ locks: first.locks });
afterAll(async () => {
  await second.end();
  await first.end();
});
const config = {
  ...PLAIN_TRAINING,
  batch_size: 2,
  epochs: 30,
  save_steps: 50,
};

test('a second engine on the same workspace refuses and names the holder', async () => {
  await first.configure(config);
  await first.start();
  const repository = path.resolve(import.meta.dirname, '../..');
  const again = spawnSync(
    path.join(repository, 'node_modules/node/bin/node'),
    [path.join(repository, 'out/engine/engine.mjs'), '--workspace', first.workspace],
    { env: first.environment(), encoding: 'utf8', timeout: 30_000 },
  );
  expect(again.status).toBe(3);
  expect(`${again.stdout}${again.stderr}`).toContain(String(first.enginePid));
}, 60_000);

test('a second workspace waits for the device, names the holder, and keeps its dataset in the queue', async () => {
  await first.base('starter');
  await first.add([await first.file('one.jsonl', questions(600, 8))]);
  await until('training', async () => (await first.status()).state === 'training', 120);

  await second.configure(config);
  await second.start();
  await second.base('starter');
  const [added] = await second.add([await second.file('two.jsonl', questions(60, 9))]);
  const status = await until('the wait for the device', async () => {
    const now = await second.status();
    return now.state === 'waiting' ? now : null;
  });
  const pid = await first.trainerPid();
  expect(status.reason).toBe(
    `waiting for cpu, held by pid ${String(pid)} of workspace ${first.workspace}`,
  );
  expect(status.error).toBeNull();
  expect(await second.trainerPid()).toBeNull();
  const waiting = (await second.datasets()).find((dataset) => dataset.id === added?.id);
  expect(waiting).toMatchObject({ place: 'queue', verdict: 'waiting', message: status.reason });
  const runs = await readdir(path.join(second.workspace, 'runs'));
  expect(runs.filter((run) => run.includes('-train-'))).toEqual([]);

  await first.post('/training/stop', { now: true });
  await until('the first has stopped', async () => (await first.trainerPid()) === null, 60);
  await until('a trainer of the second', async () => (await second.trainerPid()) !== null, 8);
  await until('the second trains', async () => (await second.status()).state === 'training', 120);
  const crashes = await second.get<unknown[]>('/crashes');
  expect(crashes.body).toEqual([]);
}, 300_000);

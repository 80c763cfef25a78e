/** Incident 29: the configuration was edited mid-run. One lock map, enforced by the engine: a hand edit plus a crash does not change the pass. */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConfigState, RefusalData } from '../../src-main/contract/index.ts';
import { locked, otherValue } from '../engine/fixtures/other-values.ts';
import { PLAIN_TRAINING, commandLine, EngineProcess, questions, until } from './engine-process.ts';

const run = promisify(execFile);
const valueAt = (values: unknown, key: string): unknown =>
  key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], values);

function nested(values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of values) {
    const [first = '', second] = key.split('.');
    if (second === undefined) out[first] = value;
    else out[first] = { ...(out[first] as object | undefined), [second]: value };
  }
  return out;
}
const engine = new EngineProcess();
let dataset = '';

const json = async (...parts: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(path.join(engine.workspace, ...parts), 'utf8')) as Record<
    string,
    unknown
  >;
const configOf = async (name: string): Promise<unknown> =>
  (await json('data/datasets', dataset, name))['config'];
/** The frozen configuration of the newest run. */
async function lastSpec(): Promise<unknown> {
  const runs = (await readdir(path.join(engine.workspace, 'runs')))
    .filter((name) => name.includes('-train-'))
    .sort();
  return (await json('runs', runs.at(-1) ?? '', 'spec.json'))['frozen'];
}

beforeAll(async () => {
  await engine.configure({
    ...PLAIN_TRAINING,
    batch_size: 2,
    epochs: 6,
    learning_rate: 1e-3,
    warmup_steps: 5,
    save_steps: 10,
  });
  await engine.start();
  await engine.base('starter');
  const [added] = await engine.add([await engine.file('long.jsonl', questions(900, 3))]);
  dataset = added?.id ?? '';
  await until('step 12', async () => ((await engine.status()).current_step ?? 0) >= 12, 120);
}, 300_000);
afterAll(() => engine.end());

test('a locked key is refused over HTTP, with the reason', async () => {
  const answer = await engine.post<{ code: string; message: string; data: RefusalData }>(
    '/config',
    {
      key: 'learning_rate',
      value: 0.5,
    },
  );
  expect(answer.status).toBe(423);
  expect(answer.body.code).toBe('LOCKED');
  expect(answer.body.message).toContain('learning_rate');
  expect((await engine.config()).values.learning_rate).toBe(1e-3);
});

test('a locked key is refused on the command line, exit code 3', async () => {
  const node = path.resolve(import.meta.dirname, '../../node_modules/node/bin/node');
  const failure = await run(
    node,
    [commandLine, '--workspace', engine.workspace, 'config', 'set', 'batch_size', '64'],
    { env: engine.environment() },
  ).then(
    () => null,
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
  expect(failure?.code).toBe(3);
  expect(`${failure?.stdout}${failure?.stderr}`).toContain('batch_size');
  expect((await engine.config()).values.batch_size).toBe(2);
});

test('a locked change can be staged for the next dataset and unstaged', async () => {
  const staged = await engine.post<ConfigState>('/config', {
    key: 'learning_rate',
    value: 0.002,
    stage: true,
  });
  expect(staged.status).toBe(200);
  expect(staged.body.staged).toEqual({ learning_rate: 0.002 });
  expect(staged.body.values.learning_rate).toBe(1e-3);
  expect(
    (await engine.post<ConfigState>('/config/unstage', { key: 'learning_rate' })).body.staged,
  ).toEqual({});
});

test('a dangerous key needs its own confirmation', async () => {
  const answer = await engine.post<{ code: string }>('/config', {
    key: 'max_length',
    value: 512,
    stage: true,
  });
  expect(answer.status).toBe(428);
  expect(answer.body.code).toBe('NEEDS_CONFIRMATION');
});

test('every locked key edited by hand, then a kill -9 of the trainer: the resumed run keeps every value and the drift report names every key', async () => {
  const file = path.join(engine.workspace, 'config.json');
  const own = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  const frozen = await configOf('pass.json');
  const edits = new Map(
    locked
      .map((key) => [key.key, otherValue(key, valueAt(frozen, key.key))] as const)
      .filter(([key, value]) => value !== valueAt(frozen, key)),
  );
  // `method` has one allowed value.
  expect(locked.length - edits.size).toBe(1);
  await writeFile(file, JSON.stringify({ ...own, ...nested(edits) }));
  const pid = await until('a trainer', () => engine.trainerPid(), 60);
  process.kill(pid, 'SIGKILL');
  await until('the next trainer', async () => {
    const now = await engine.trainerPid();
    return now !== null && now !== pid;
  });
  const at = (await engine.status()).current_step ?? 0;
  await until(
    'ten more steps',
    async () => ((await engine.status()).current_step ?? 0) >= at + 10,
    120,
  );
  const points = await engine.lines<{ t: number; lr: number; examples: number }>('metrics.jsonl');
  expect(points.at(-1)?.lr).toBeCloseTo(1e-3, 9);
  expect(points.at(-1)?.examples).toBe(2);
  const drift = await until('the drift report', async () => {
    const state = await engine.config();
    return state.drift.length === edits.size ? state.drift : null;
  });
  expect(drift.map((drift) => drift.key).sort()).toEqual([...edits.keys()].sort());
  const after = await configOf('pass.json');
  const resumed = await lastSpec();
  for (const { key } of locked) {
    expect(valueAt(after, key), `${key} of the pass`).toEqual(valueAt(frozen, key));
    expect(valueAt(resumed, key), `${key} of the resumed run`).toEqual(valueAt(frozen, key));
  }
}, 240_000);

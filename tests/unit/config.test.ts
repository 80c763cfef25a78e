import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { factoryConfig } from '../../src-main/contract/index.ts';
import { type ConfigRoom, createConfig } from '../../src-main/engine/config/index.ts';
import {
  createExternalCheck,
  type ExternalCheck,
} from '../../src-main/engine/config/external-checks.ts';
import { createJournal, type Journal } from '../../src-main/engine/journal/index.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { systemClock } from '../../src-main/kit/index.ts';

let root = '';
let journal: Journal;
let config: ConfigRoom;
const file = (): string => path.join(root, 'config.json');
const write = (value: unknown): void => {
  writeFileSync(file(), typeof value === 'string' ? value : JSON.stringify(value));
};
const read = (): unknown => JSON.parse(readFileSync(file(), 'utf8')) as unknown;
async function open(): Promise<ConfigRoom> {
  const paths = workspacePaths(root);
  journal = createJournal({ paths, clock: systemClock });
  config = await createConfig({ paths, journal, clock: systemClock });
  return config;
}
async function reopen(): Promise<ConfigRoom> {
  await config.close();
  return open();
}
const set = (
  key: string,
  value: unknown,
  more: { confirm?: string; stage?: boolean } = {},
): Promise<unknown> =>
  config.set({ key, value, confirm: more.confirm ?? null, stage: more.stage ?? false, by: 'test' });
const openPass = (): void => {
  config.openPass({ id: 'p-1', dataset: 'a.jsonl', config: config.values() });
};

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-config-'));
  mkdirSync(path.join(root, 'status'));
});
afterEach(async () => {
  await config.close();
  await journal.flush();
  rmSync(root, { recursive: true, force: true });
});

test('config.json of the repository holds the factory values', () => {
  const shipped = path.join(import.meta.dirname, '..', '..', 'config.json');
  expect(JSON.parse(readFileSync(shipped, 'utf8'))).toEqual({ format: 1, ...factoryConfig });
  return open();
});

test('the file has only differences from the factory values, nested as in the schema', async () => {
  await open();
  expect(config.values()).toEqual(factoryConfig);
  await set('watchdog.restart_limit', 5);
  await set('seed', 7);
  await set('seed', factoryConfig.seed);
  expect(read()).toEqual({ format: 1, watchdog: { restart_limit: 5 } });
  expect(config.state().differences).toEqual({ 'watchdog.restart_limit': 5 });
  expect((await reopen()).values().watchdog.restart_limit).toBe(5);
});

describe('an invalid value is refused with key and reason', () => {
  test.each([
    ['batch_size', 0, 'INVALID'],
    ['batch_size', '16', 'INVALID'],
    ['learning_rate', 'fast', 'INVALID'],
    ['device', 'tpu', 'INVALID'],
    ['nothing', 1, 'NOT_FOUND'],
    ['watchdog', { restart_limit: 1 }, 'NOT_FOUND'],
  ])('%s = %j', async (key, value, code) => {
    await open();
    await expect(set(key, value)).rejects.toMatchObject({ code, data: { subject: key } });
    expect(config.values()).toEqual(factoryConfig);
  });
});

test('a key with a consequence needs confirmation', async () => {
  await open();
  await expect(set('max_length', 512)).rejects.toMatchObject({
    code: 'NEEDS_CONFIRMATION',
    data: { facts: { confirm: 'max_length' } },
  });
  await expect(set('max_length', 512, { confirm: 'seed' })).rejects.toMatchObject({
    code: 'NEEDS_CONFIRMATION',
  });
  await set('max_length', 512, { confirm: 'max_length' });
  expect(config.values().max_length).toBe(512);
});

test('while a pass is open its keys are locked, staged changes apply to the next pass, free ones at once', async () => {
  await open();
  openPass();
  await expect(set('learning_rate', 0.001)).rejects.toMatchObject({ code: 'LOCKED' });
  await expect(
    set('max_length', 512, { confirm: 'max_length' }),
    'consent does not open a lock',
  ).rejects.toMatchObject({ code: 'LOCKED' });
  await expect(set('learning_rate', 'x', { stage: true })).rejects.toMatchObject({
    code: 'INVALID',
  });
  expect(config.state().locks.learning_rate).toContain('a.jsonl');
  expect(config.state().locks.keep_checkpoints).toBeUndefined();
  await set('keep_checkpoints', 9);
  await set('learning_rate', 0.001, { stage: true });
  expect(config.values()).toMatchObject({ keep_checkpoints: 9, learning_rate: 2e-4 });

  await reopen();
  expect(config.state().staged, 'survives a restart').toEqual({ learning_rate: 0.001 });
  config.openPass(null);
  expect((await config.freeze()).learning_rate).toBe(0.001);
  expect(config.state().staged).toEqual({});
  expect(journal.recent()[0]).toMatchObject({ what: 'config.applied' });
});

test('a reload during a save does not bring the old values back', async () => {
  await open();
  for (let seed = 1; seed <= 20; seed += 1) {
    // Both read or write config.json; a new pass reloads it first.
    const [, frozen] = await Promise.all([set('seed', seed), config.freeze()]);
    expect(config.values().seed).toBe(seed);
    expect([seed, seed - 1, factoryConfig.seed]).toContain(frozen.seed);
  }
});

test('a staged change can be unstaged', async () => {
  await open();
  openPass();
  await set('seed', 1, { stage: true });
  await config.unstage('seed');
  await expect(config.unstage('seed')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await config.freeze()).seed).toBe(factoryConfig.seed);
});

test('a manual edit during a pass is drift, waits for the next pass and can be unstaged', async () => {
  await open();
  openPass();
  write({ format: 1, learning_rate: 0.5, poll_interval: 7 });
  await expect.poll(() => config.state().drift, { timeout: 9000 }).toHaveLength(1);
  expect(config.state()).toMatchObject({
    drift: [{ key: 'learning_rate', running: 2e-4, file: 0.5 }],
    staged: { learning_rate: 0.5 },
  });
  expect(config.values().poll_interval).toBe(7);
  expect(journal.recent().find((line) => line.what === 'config.drift')?.text).toContain('0.0002');
  await config.unstage('learning_rate');
  expect(config.state().drift).toEqual([]);
  expect(read()).toEqual({ format: 1, poll_interval: 7 });
});

describe('an unusable file leaves the last good values in force and is not overwritten', () => {
  test.each([
    ['broken', '{"seed": 7,', 'is not valid JSON'],
    ['from a newer version', '{"format": 2, "seed": 9}', 'newer version'],
    ['with an unknown key', '{"sed": 9}', 'Unknown setting sed'],
    ['with a value that is not allowed', '{"seed": -1}', 'seed'],
    ['a list', '[]', 'not an object'],
  ])('%s', async (_name, text, reason) => {
    await open();
    await set('seed', 7);
    write(text);
    await reopen();
    expect(config.values().seed).toBe(7);
    expect(config.state().problem).toContain(reason);
    await expect(set('epochs', 2)).rejects.toMatchObject({ code: 'INVALID' });
    expect(readFileSync(file(), 'utf8')).toBe(text);
    write({ format: 1, seed: 8 });
    await expect.poll(() => config.state().problem, { timeout: 9000 }).toBeNull();
    expect(config.values().seed).toBe(8);
  });
});

test('each process needs a GPU; without any they share the CPU', async () => {
  const check = (count: number | null): ExternalCheck =>
    createExternalCheck({
      paths: workspacePaths('/w'),
      gpus: () =>
        Promise.resolve(
          count === null
            ? null
            : Array.from({ length: count }, (_, index) => ({ index, uuid: '' })),
        ),
      ownPort: () => 0,
    });
  expect((await check(2)('world_size', 4))?.text).toBe(
    'world_size 4: this machine has 2 GPUs, and each process needs one.',
  );
  for (const [gpus, processes] of [
    [2, 2],
    [0, 2],
    [null, 8],
  ] as const)
    expect(await check(gpus)('world_size', processes)).toBeNull();
});

test('keys that are set while the file is edited: no change is lost', async () => {
  await open();
  write({});
  let edits = 0;
  // An editor that reads, changes and writes the whole file, whenever it gets a turn.
  const edit = () => {
    edits += 1;
    const now = read() as Record<string, unknown>;
    write({ ...now, batch_size: 100 + edits });
  };
  for (let round = 1; round <= 15; round += 1) {
    const turns = setInterval(edit, 1 + (round % 4));
    const settings = [
      set('seed', 1000 + round),
      set('warmup_steps', 200 + round),
      set('gradient_accumulation', 10 + round, { stage: true }),
      set('eval_samples', 500 + round),
    ];
    await Promise.all(settings).finally(() => {
      clearInterval(turns);
    });
    edit();
    const expected = {
      ...{ seed: 1000 + round, warmup_steps: 200 + round },
      ...{ gradient_accumulation: 10 + round, eval_samples: 500 + round },
      batch_size: 100 + edits,
    };
    expect(read(), `round ${String(round)}`).toMatchObject(expected);
    await expect.poll(() => config.values(), { timeout: 10_000 }).toMatchObject(expected);
  }
});

test('keys that are staged at the same time, and while a pass is frozen: none is lost', async () => {
  await open();
  for (let round = 1; round <= 10; round += 1) {
    openPass();
    const staged = { seed: 1000 + round, batch_size: 100 + round, warmup_steps: 200 + round };
    const stagings = Object.entries(staged).map(([key, value]) => set(key, value, { stage: true }));
    const freezing = config.freeze();
    await Promise.all([...stagings, freezing]);
    config.openPass(null);
    // What was staged after the freeze waits for the next one.
    await config.freeze();
    expect(config.values(), `round ${String(round)}`).toMatchObject(staged);
    expect(read()).toMatchObject(staged);
    expect(config.state().staged).toEqual({});
  }
});

test('a file that an editor emptied and is about to write is neither overwritten nor a problem', async () => {
  await open();
  write({ seed: 7 });
  write('');
  const setting = set('warmup_steps', 50);
  setTimeout(() => {
    write({ seed: 8 });
  }, 30);
  await setting;
  expect(read()).toMatchObject({ seed: 8, warmup_steps: 50 });
  expect(config.state().problem).toBeNull();
});

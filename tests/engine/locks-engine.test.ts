/**
 * The lock matrix: every key of the schema × HTTP, command line and hand edit, on a real engine behind the real server with an open
 * pass. Generated from the schema's lock map, none skipped. The form: tests/ui/locks.test.ts; a hand edit and a crash of a real
 * trainer: tests/incidents/locks.test.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src-main/cli/index.ts';
import {
  type Config,
  type ConfigState,
  describeKeys,
  type RefusalData,
} from '../../src-main/contract/index.ts';
import { createServer, readOrMakeToken } from '../../src-main/server/index.ts';
import { locked, open, otherValue } from './fixtures/other-values.ts';
import { until, Workspace } from './fixtures/workspace.ts';

const w = new Workspace();
let server: Awaited<ReturnType<typeof createServer>>;
let token = '';
let dataset = '';
let running: Config;

const valueAt = (values: unknown, key: string): unknown =>
  key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], values);
const state = (): ConfigState => w.engine.api.config.get();
const passConfig = (): unknown =>
  w.json<{ config: unknown }>('data', 'datasets', dataset, 'pass.json').config;

async function post(route: string, body: unknown) {
  const answer = await fetch(`http://127.0.0.1:${String(server.port)}/api${route}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return {
    status: answer.status,
    body: (await answer.json()) as { code: string; message: string; data: RefusalData },
  };
}

async function nightshift(...args: string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const code = await runCommandLine(args, {
    terminal: {
      out: (part) => (text += part),
      error: (part) => (text += part),
      interactive: false,
      ask: () => Promise.resolve(null),
    },
    environment: { NIGHTSHIFT_WORKSPACE: w.folder },
    now: () => Date.now() / 1000,
    signal: new AbortController().signal,
    version: '0.0.0',
  });
  return { code, text };
}

beforeAll(async () => {
  w.configure({});
  w.setBehavior({ step_seconds: 0.1 });
  const engine = await w.withBase();
  token = await readOrMakeToken(engine.paths.token);
  server = await createServer(engine.api, {
    port: 0,
    token,
    uiFolder: null,
    openStatus: () => true,
    now: () => Date.now() / 1000,
    onBug: (error) => w.log.push(String(error)),
  });
  await engine.setPort(server.port);
  const [added] = await w.add(w.rows('long.jsonl', 20_000));
  dataset = added?.id ?? '';
  await w.at(dataset, 'processing');
  await until('the locks', () => Object.keys(state().locks).length > 0);
  running = structuredClone(state().values);
}, 60_000);
afterAll(async () => {
  await server.close();
  await w.end();
});

test('the schema has locked keys, and every one of them is locked now, with the reason', () => {
  expect(locked.length).toBeGreaterThan(20);
  expect(Object.keys(state().locks).sort()).toEqual(locked.map((key) => key.key).sort());
  for (const [key, reason] of Object.entries(state().locks)) {
    expect(reason).toContain(key);
    expect(reason).toContain('long.jsonl');
  }
});

describe.each(locked)('$key', (key) => {
  const other = (): unknown => otherValue(key, valueAt(running, key.key));

  test('HTTP refuses it: 423, the key, the value that runs', async () => {
    const answer = await post('/config', { key: key.key, value: other(), confirm: key.key });
    expect(answer).toMatchObject({ status: 423, body: { code: 'LOCKED' } });
    expect(answer.body.data.subject).toBe(key.key);
    expect(answer.body.data.facts['running']).toBe(JSON.stringify(valueAt(running, key.key)));
    expect(answer.body.data.next).toContain('Stage');
    expect(valueAt(state().values, key.key)).toEqual(valueAt(running, key.key));
  });

  test('the command line refuses it: exit code 3, the key', async () => {
    const value = JSON.stringify(other());
    const answer = await nightshift('config', 'set', key.key, value, '--confirm', key.key);
    expect(answer.code).toBe(3);
    expect(answer.text).toContain('LOCKED');
    expect(answer.text).toContain(key.key);
    expect(valueAt(state().values, key.key)).toEqual(valueAt(running, key.key));
  });
});

describe.each(open)('$key', (key) => {
  test(`is not locked (${key.lock}): it changes at once, for the open pass too`, async () => {
    const other = otherValue(key, valueAt(running, key.key));
    const answer = await post('/config', { key: key.key, value: other });
    expect(answer.status).toBe(200);
    expect(valueAt(state().values, key.key)).toEqual(other);
    expect(state().staged).toEqual({});
  });
});

test.each(describeKeys().filter((describeKey) => describeKey.consent !== null))(
  '$key asks for consent before its lock is told, also when it is staged',
  async ({ key }) => {
    for (const stage of [false, true]) {
      const answer = await post('/config', { key, value: valueAt(running, key), stage });
      expect(answer).toMatchObject({ status: 428, body: { code: 'NEEDS_CONFIRMATION' } });
      expect(answer.body.data.facts).toEqual({ confirm: key });
    }
    const answer = await nightshift('config', 'stage', key, JSON.stringify(valueAt(running, key)));
    expect(answer.code).toBe(3);
  },
);

test('all locked keys edited in config.json by hand at once: each is drift, the pass keeps each value', async () => {
  // A key with one allowed value cannot be edited to another.
  const editable = locked.filter(
    (key) => otherValue(key, valueAt(running, key.key)) !== valueAt(running, key.key),
  );
  expect(locked.length - editable.length).toBe(1);
  const file = path.join(w.folder, 'config.json');
  const before = readFileSync(file, 'utf8');
  const frozen = structuredClone(passConfig());
  const edited = JSON.parse(before) as Record<string, unknown>;
  for (const key of editable) {
    const [first = '', ...rest] = key.key.split('.');
    const value = otherValue(key, valueAt(running, key.key));
    if (rest.length === 0) edited[first] = value;
    else edited[first] = { ...(edited[first] as object | undefined), [rest.join('.')]: value };
  }
  writeFileSync(file, JSON.stringify(edited));
  await until('the drift', () => state().drift.length > 0, 15);
  expect(
    state()
      .drift.map((drift) => drift.key)
      .sort(),
  ).toEqual(editable.map((key) => key.key).sort());
  for (const { key, running: runs, file: says } of state().drift) {
    expect(runs, key).toEqual(valueAt(running, key));
    expect(says, key).toEqual(otherValue({ key }, valueAt(running, key)));
    expect(valueAt(passConfig(), key), key).toEqual(valueAt(frozen, key));
  }
  const journaled = w.engine.rooms.journal
    .recent()
    .filter((line) => line.what === 'config.drift')
    .map((line) => line.evidence['key']);
  expect(journaled.sort()).toEqual(editable.map((key) => key.key).sort());
  writeFileSync(file, before);
  await until('no drift', () => state().drift.length === 0, 15);
});

test('what is staged comes with the next dataset: applied, journaled, and gone from the list', async () => {
  const staged = { learning_rate: 0.5, epochs: 2, 'validation.slice_rows': 11 };
  for (const [key, value] of Object.entries(staged))
    expect((await nightshift('config', 'stage', key, String(value))).code).toBe(0);
  expect((await nightshift('config', 'unstage', 'learning_rate')).code).toBe(0);
  expect(state().staged).toEqual({ epochs: 2, 'validation.slice_rows': 11 });
  expect(valueAt(state().values, 'epochs')).toBe(1);
  await w.engine.api.training.skip({ by: 'test' });
  const [next] = await w.add(w.rows('next.jsonl', 60));
  await w.at(next?.id ?? '', 'completed');
  expect(w.json('data', 'datasets', next?.id ?? '', 'pass.json')).toMatchObject({
    config: { epochs: 2, learning_rate: running.learning_rate, validation: { slice_rows: 11 } },
  });
  expect(state().staged).toEqual({});
  const applied = w.engine.rooms.journal.recent().find((line) => line.what === 'config.applied');
  expect(applied?.evidence).toEqual({ epochs: 2, 'validation.slice_rows': 11 });
}, 60_000);

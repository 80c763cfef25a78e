/** config stage, unstage, estimate against the scripted engine; config validate without any. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src-main/cli/index.ts';
import { checkConfigText, CONTRACT_VERSION } from '../../src-main/contract/index.ts';
import { ownIdentity } from '../../src-main/kit/identity.ts';
import { startScriptedServer, type ScriptedServer } from '../contract/scripted-server.ts';

let workspace: string;
let server: ScriptedServer | null = null;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'nightshift-cli-'));
});
afterEach(async () => {
  await server?.close();
  server = null;
  await rm(workspace, { recursive: true, force: true });
});

async function withEngine(): Promise<ScriptedServer> {
  server = await startScriptedServer({ uiFolder: null });
  const facts = { port: server.port, contract: CONTRACT_VERSION, t: 0 };
  const lock = { format: 1, ...ownIdentity(), ...facts };
  await writeFile(join(workspace, '.engine.lock'), JSON.stringify(lock));
  await writeFile(join(workspace, '.engine.token'), `${server.token}\n`);
  return server;
}

async function nightshift(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await runCommandLine(args, {
    terminal: {
      out: (text) => (out += text),
      error: (text) => (err += text),
      interactive: false,
      ask: () => Promise.resolve(null),
    },
    environment: { NIGHTSHIFT_WORKSPACE: workspace },
    now: () => 0,
    signal: new AbortController().signal,
    version: '0.0.0',
  });
  return { code, out, err };
}

describe('with an engine', () => {
  test('stage applies a change from the next dataset, unstage cancels it', async () => {
    const { engine } = await withEngine();
    const staged = await nightshift('config', 'stage', 'batch_size', '32');
    expect(staged).toMatchObject({
      code: 0,
      out: 'batch_size changes to 32 with the next dataset.\n',
    });
    expect(engine.calls.at(-1)?.input).toMatchObject({ key: 'batch_size', value: 32, stage: true });
    const back = await nightshift('config', 'unstage', 'batch_size');
    expect(back).toMatchObject({ code: 0, out: 'batch_size stays 16.\n' });
    expect(engine.rooms().config.staged).toEqual({});
  });

  test('staging a setting with side effects requires confirmation', async () => {
    await withEngine();
    expect((await nightshift('config', 'stage', 'max_length', '512')).code).toBe(3);
    const confirmed = await nightshift(
      'config',
      'stage',
      'max_length',
      '512',
      '--confirm',
      'max_length',
    );
    expect(confirmed.code).toBe(0);
  });

  test('estimate prints current and changed values, batch sizes, the queue and the accuracy of past estimates', async () => {
    const { engine } = await withEngine();
    const text = await nightshift('config', 'estimate', '--batch-size', '40', '--packing', 'false');
    expect(text.code).toBe(0);
    expect(engine.calls.at(-1)).toMatchObject({
      path: 'config.estimate',
      input: { changes: { batch_size: 40, packing: false }, dataset: null },
    });
    for (const word of [
      'steps',
      'memory',
      'disk',
      'with the changes',
      'fits',
      ' 24 ',
      ' 30 ',
      ' 40 ',
    ])
      expect(text.out).toContain(word);
    expect(text.out).toContain('The last 5 passes took between 8 % under and 12 % over');
    const json = JSON.parse((await nightshift('config', 'estimate', '--json')).out) as object;
    expect(json).toHaveProperty('changed.memory.bytes');
  });
});

describe('config validate, without an engine', () => {
  const write = (text: string): Promise<void> => writeFile(join(workspace, 'config.json'), text);

  test('no file: default values', async () => {
    const answer = await nightshift('config', 'validate');
    expect(answer.code).toBe(0);
    expect(answer.out).toContain('all settings have their default values');
  });
  test('a valid file, given or of the workspace', async () => {
    await write('{"format": 1, "batch_size": 8, "watchdog": {"restart_limit": 5}}');
    expect((await nightshift('config', 'validate')).out).toContain('valid (2 settings)');
    const named = join(workspace, 'config.json');
    expect((await nightshift('config', 'validate', named)).code).toBe(0);
    expect((await nightshift('config', 'validate', join(workspace, 'none.json'))).code).toBe(1);
  });
  test('lists every error by line and key and exits with 3', async () => {
    await write(
      '{\n  "batch_size": 0,\n  "watchdog": {\n    "restart_limit": "x",\n    "nothing": 1\n  },\n  "sed": 1\n}',
    );
    const answer = await nightshift('config', 'validate');
    expect(answer.code).toBe(3);
    expect(answer.out).toContain('line 2: batch_size: must be at least 1');
    expect(answer.out).toContain('line 4: watchdog.restart_limit: must be');
    expect(answer.out).toContain('line 5: watchdog.nothing: unknown setting');
    expect(answer.out).toContain('line 7: sed: unknown setting');
    const json = JSON.parse((await nightshift('config', 'validate', '--json')).out) as object;
    expect(json).toMatchObject({ ok: false, faults: [{ key: 'batch_size', line: 2 }, {}, {}, {}] });
  });
  test('checks that the base model is installed', async () => {
    await write('{"base_model": "mine"}');
    const missing = await nightshift('config', 'validate');
    expect(missing.code).toBe(3);
    expect(missing.out).toContain(join('models', 'mine', 'config.json'));
    await mkdir(join(workspace, 'models', 'mine'), { recursive: true });
    await writeFile(join(workspace, 'models', 'mine', 'config.json'), '{}');
    expect((await nightshift('config', 'validate')).code).toBe(0);
  });
});

test.each([
  ['{\n "seed": 7,\n', 3, 'not valid JSON'],
  ['{\n "seed": 7 "epochs": 1}', 2, 'not valid JSON'],
  ['[]', 1, 'not a JSON object'],
  ['{"format": 2}', 1, 'newer version'],
])('%j is reported with its line', (text, line, why) => {
  const [fault] = checkConfigText(text).faults;
  expect(fault).toMatchObject({ key: null, line });
  expect(fault?.text).toContain(why);
});
test('reads dotted keys like nested ones', () => {
  expect(
    checkConfigText('{"watchdog.restart_limit": 5, "watchdog": {"backoff_first_seconds": 1}}'),
  ).toEqual({ faults: [], keys: 2, base: '' });
  expect(checkConfigText('{"watchdog.restart_limit": 0}').faults).toMatchObject([
    { key: 'watchdog.restart_limit', line: 1 },
  ]);
});

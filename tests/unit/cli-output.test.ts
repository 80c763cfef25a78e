/** What reaches the terminal: colors, wrapping, and nothing that a terminal would obey. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommandLine } from '../../src-main/cli/index.ts';
import { bold, displayWidth, state, styled } from '../../src-main/cli/output/markup.ts';
import { createScreen, render, wantsColor } from '../../src-main/cli/output/screen.ts';
import { columns, table, wrap } from '../../src-main/cli/output/table.ts';
import { CONTRACT_VERSION } from '../../src-main/contract/index.ts';
import { ownIdentity } from '../../src-main/kit/identity.ts';
import { startScriptedServer, type ScriptedServer } from '../contract/scripted-server.ts';

let workspace: string;
let server: ScriptedServer;
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'nightshift-cli-'));
  server = await startScriptedServer({ uiFolder: null });
  const facts = { port: server.port, contract: CONTRACT_VERSION, t: 0 };
  const lock = { format: 1, ...ownIdentity(), ...facts };
  await writeFile(join(workspace, '.engine.lock'), JSON.stringify(lock));
  await writeFile(join(workspace, '.engine.token'), `${server.token}\n`);
});
afterAll(async () => {
  await server.close();
  await rm(workspace, { recursive: true, force: true });
});

async function nightshift(args: readonly string[], shown: { columns?: number; color?: boolean }) {
  let [out, err] = ['', ''];
  const code = await runCommandLine(args, {
    terminal: {
      out: (text) => (out += text),
      error: (text) => (err += text),
      interactive: shown.columns !== undefined,
      ask: () => Promise.resolve(null),
      ...shown,
    },
    environment: { NIGHTSHIFT_WORKSPACE: workspace },
    now: () => Date.now() / 1000,
    signal: new AbortController().signal,
    version: '0.0.0',
  });
  return { code, out, err };
}

test.each([
  [[], {}, true, true],
  [[], {}, false, false],
  [['--no-color'], { FORCE_COLOR: '1' }, true, false],
  [[], { NO_COLOR: '1' }, true, false],
  [[], { NO_COLOR: '' }, true, true],
  [[], { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [[], { FORCE_COLOR: '1' }, false, true],
  [[], { FORCE_COLOR: '0' }, true, false],
  [[], { TERM: 'dumb' }, true, false],
])('color: %j %j terminal %s -> %s', (args, environment, isTerminal, expected) => {
  expect(wantsColor(args, environment, isTerminal)).toBe(expected);
});

test('marks become colors, or nothing', () => {
  const text = `${bold('a')} ${state('failed')} ${state('waiting')}`;
  expect(render(text, { columns: null, color: false })).toBe('a failed waiting');
  expect(render(text, { columns: null, color: true })).toBe(
    '\u001b[1ma\u001b[22m \u001b[31mfailed\u001b[39m waiting',
  );
});

test('a table fits the terminal, and is not wrapped in a pipe', () => {
  const long = 'No row has an answer that the model could learn from, so nothing can be trained';
  const text = table(['name', 'rows', 'note'], [['a.jsonl', '12', long]]);
  const piped = render(text, { columns: null, color: false });
  expect(piped).toBe(`name     rows  note\na.jsonl    12  ${long}\n`);
  for (const width of [60, 80, 160]) {
    const lines = render(text, { columns: width, color: false }).trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('so nothing can be trained');
  }
});

test('a row becomes a block of lines where its columns do not fit', () => {
  const head = ['id', 'name', 'state', 'created'];
  const rows = [
    ['d-20261201-034107-7f3a', 'customer_requests.jsonl', 'ready', '2026-12-01 03:41:07'],
    ['d-20261201-034107-9b00', 'b.jsonl', 'waiting', '2026-12-01 03:41:07'],
  ];
  const text = render(table(head, rows), { columns: 60, color: false });
  expect(text).toContain('id         d-20261201-034107-7f3a\n  name     customer_requests.jsonl\n');
  expect(text).toContain('\n\nid         d-20261201-034107-9b00\n');
});

test('a value with line breaks, controls or marks stays in its cell', () => {
  const hostile = 'a\n\u001b[2Jb\u202ec\u009b1m\ufdda\ufdd9';
  expect(render(table(['name', 'x'], [[hostile, 'y']]), { columns: null, color: false })).toBe(
    'name                          x\na\\n\\u001b[2Jb\\u202ec\\u009b1m  y\n',
  );
});

test('wide and combining characters count as the cells they take', () => {
  expect(displayWidth('数据')).toBe(4);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(displayWidth(styled('red', 'ab'))).toBe(2);
  const lines = render(
    columns([
      ['数据', 'x'],
      ['abcd', 'y'],
    ]),
    { columns: null, color: false },
  );
  expect(lines).toBe('数据  x\nabcd  y\n');
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
});

test('every way out of a command escapes', async () => {
  const out: string[] = [];
  const write = (text: string): void => void out.push(text);
  const ask = (question: string): Promise<null> => {
    write(question);
    return Promise.resolve(null);
  };
  const screen = createScreen({ out: write, error: write, interactive: false, ask });
  const hostile = '\u001b]0;x\u0007\u202e';
  screen.out(hostile);
  screen.error(hostile);
  screen.progress(hostile);
  screen.redraw(hostile, 0);
  await screen.ask(hostile);
  expect(out.map((text) => text.trimEnd())).toEqual(Array(5).fill('\\u001b]0;x\\u0007\\u202e'));
});

const READING = [
  ['queue', 'list'],
  ['queue', 'show', 'd-gsm8k-train'],
  ['versions', 'list'],
  ['versions', 'compare', 'v001_sample', 'v002_faq'],
  ['config', 'show'],
  ['health'],
  ['journal'],
  ['notices'],
  ['backup', 'list'],
  ['checkpoints', 'list'],
  ['base', 'list'],
  ['disk'],
  ['help', 'training'],
] as const;

test.each([60, 80, 160])('tables fit a terminal of %i columns', async (width) => {
  for (const args of READING) {
    const { out } = await nightshift(args, { columns: width, color: true });
    const plain = stripVTControlCharacters(out);
    // Sentences are left to the terminal, which breaks them without a line break in a copy.
    const tables = plain.split('\n').filter((line) => / {2}/.test(line.trim()));
    for (const line of tables)
      expect(displayWidth(line), `${args.join(' ')}: ${line}`).toBeLessThanOrEqual(width);
  }
});

test('help fits the terminal; in a pipe it is not wrapped', async () => {
  const { out } = await nightshift(['config', 'estimate', '--help'], { columns: 60 });
  // Examples stay in one line, to be copied.
  const [wrapped = ''] = out.split('\nExamples:');
  expect(Math.max(...wrapped.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
  const piped = await nightshift(['queue', 'accept', '--help'], {});
  expect(piped.out).toMatch(/Accept a file .* trained before/);
});

test('color never changes the text, and never reaches JSON', async () => {
  for (const args of READING) {
    const colored = await nightshift(args, { color: true });
    const piped = await nightshift(args, {});
    expect(stripVTControlCharacters(colored.out).replace(/\d+(\.\d+)? s\b/g, '')).toBe(
      piped.out.replace(/\d+(\.\d+)? s\b/g, ''),
    );
    expect(piped.out).not.toContain('\u001b');
    const json = await nightshift([...args, '--json'], { columns: 60, color: true });
    expect(() => JSON.parse(json.out) as unknown, args.join(' ')).not.toThrow();
  }
});

test('with --json every error is JSON, also of the usage', async () => {
  for (const [args, code, error] of [
    [['config', 'get', 'nope'], 2, 'USAGE'],
    [['nothing'], 2, 'USAGE'],
    [['journal', '--limit', '0'], 2, 'USAGE'],
    [['versions', 'compare', 'v001_sample', 'nope'], 3, 'NOT_FOUND'],
    [['queue', 'show', 'nope'], 3, 'NOT_FOUND'],
    [['backup', 'create', '/a', '--of-version', 'v001_sample', '--reason', 'r'], 2, 'USAGE'],
    [['config', 'validate', '/none/config.json'], 1, 'FAILURE'],
  ] as const) {
    const result = await nightshift([...args, '--json'], {});
    expect([args, result.code]).toEqual([args, code]);
    expect(JSON.parse(result.out), args.join(' ')).toMatchObject({ error });
  }
});

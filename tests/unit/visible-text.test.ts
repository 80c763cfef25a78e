import { expect, test } from 'vitest';
import { visibleLines, visibleText } from '../../src-main/contract/index.ts';
import { createScreen } from '../../src-main/cli/output/screen.ts';
import { show } from '../../src-main/cli/session.ts';
import { lastSentence } from '../../src-main/desktop/supervisor/engine-process.ts';
import { plainName, refuseName } from '../../src-main/engine/datasets/names.ts';

const HOSTILE = 'a\u001b[31mred\u001b[0m\nb\u202etxt.exe\u0007\u009b1m';

test('what a terminal would obey is written out, in one line', () => {
  expect(visibleText(HOSTILE)).toBe('a\\u001b[31mred\\u001b[0m\\nb\\u202etxt.exe\\u0007\\u009b1m');
  expect(visibleText('Übung_数据 ✓.jsonl')).toBe('Übung_数据 ✓.jsonl');
  expect(visibleLines('one\n\ttwo\r')).toBe('one\n\ttwo\\r');
});

test('names: taken in without control characters, refused in words that can be read', () => {
  expect(plainName(`${HOSTILE}.jsonl`)).toBe('a[31mred[0mbtxt.exe1m.jsonl');
  const long = plainName(`${'ü'.repeat(200)}.jsonl`);
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(200);
  expect(refuseName('x\u001b[2J.exe')).toBe(
    'x\\u001b[2J.exe ends in .exe. Supported: .jsonl, .ndjson, .json, .csv, .tsv and .txt (optionally .gz or .zst), .parquet.',
  );
});

test('the command line escapes names of files; JSON stays as it is', () => {
  const out: string[] = [];
  const terminal = createScreen({
    out: (text) => void out.push(text),
    error: () => undefined,
    interactive: true,
    ask: () => Promise.resolve(null),
  });
  const session = { terminal, json: false } as unknown as Parameters<typeof show>[0];
  show(session, {}, `name ${HOSTILE}`);
  expect(out[0]).not.toMatch(/\u001b|\u202e|\u0007/);
  show({ ...session, json: true }, { name: '\u001b' }, '');
  expect(out[1]).toBe('{"name":"\\u001b"}\n');
});

test("the engine's own sentence is found in its output", () => {
  expect(lastSentence('')).toBeNull();
  expect(lastSentence('Starting.\nThe disk is full. Free up space.\n')).toBe(
    'The disk is full. Free up space.',
  );
  expect(
    lastSentence('TypeError: x is undefined\n    at f (a.mjs:1:2)\n    at g (b.mjs:3:4)\n'),
  ).toBe('x is undefined');
});

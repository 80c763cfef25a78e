import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import {
  checkLastLine,
  CompletenessWatch,
  decideComplete,
  openForWriting,
} from '../../src-main/engine/datasets/completeness.ts';
import { Inbox } from '../../src-main/engine/datasets/inbox.ts';
import { systemClock } from '../../src-main/kit/index.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nightshift-complete-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string): string => path.join(folder, name);
const seen = {
  bytes: 10,
  mtimeMs: 1,
  unchangedFor: 5,
  openForWriting: false,
  lastLine: 'whole',
} as const;

describe('all three conditions must hold', () => {
  test('unchanged, closed and ending in a whole line is complete', () => {
    expect(decideComplete(seen)).toEqual({ complete: true, cut: false });
  });
  test('a file that changed a moment ago is incomplete', () => {
    expect(decideComplete({ ...seen, unchangedFor: 2.9 })).toMatchObject({ complete: false });
  });
  test('a file open for writing is incomplete, however old', () => {
    expect(decideComplete({ ...seen, unchangedFor: 5000, openForWriting: true }).complete).toBe(
      false,
    );
  });
  test('a file that ends in mid-line is incomplete, and used as is after 10 min', () => {
    const paused = decideComplete({ ...seen, unchangedFor: 45, lastLine: 'cut' });
    expect(paused).toMatchObject({ complete: false });
    expect(paused.complete ? '' : paused.reason).toContain('incomplete, last change 45 s ago');
    expect(decideComplete({ ...seen, unchangedFor: 601, lastLine: 'cut' })).toEqual({
      complete: true,
      cut: true,
    });
  });
});

describe('the last line', () => {
  const cases: readonly [string, string, string][] = [
    ['whole.jsonl', '{"a":1}\n', 'whole'],
    ['no-newline.jsonl', '{"a":1}\n{"b":2}', 'whole'],
    ['cut.jsonl', '{"a":1}\n{"b":', 'cut'],
    ['array.json', '[{"a":1}]', 'whole'],
    ['array-cut.json', '[{"a":1},\n', 'no_end'],
    ['array-between.json', '[{"a":1},\n{"a":"]"}\n', 'no_end'],
    ['array.jsonl', '[\n{"a":1}\n]', 'whole'],
    ['array-cut.jsonl', '[\n{"a":1}\n', 'no_end'],
    ['key-cut.json', '{"data":[{"a":1}', 'no_end'],
    ['lines.json', '{"a":1}\n{"a":2}\n', 'whole'],
    ['indented.jsonl', '{\n "a": 1\n}', 'whole'],
    ['rows.tsv', 'a\tb', 'open_ended'],
    ['note.txt', 'no line break', 'open_ended'],
    ['rows.csv', 'a,b\n1,2', 'open_ended'],
  ];
  test.each(cases)('%s', async (name, text, expected) => {
    writeFileSync(at(name), text);
    expect(await checkLastLine(at(name))).toBe(expected);
  });
});

describe('packed files have no last line', () => {
  const text = '{"question":"Which bolt?","answer":"The brass one."}\n'.repeat(50);
  const packed = [
    ['a.jsonl.gz', gzipSync(text)],
    ['a.jsonl.zst', zstdCompressSync(text)],
    ['a.parquet', Buffer.from('PAR1 columns and footer PAR1')],
  ] as const;
  test.each(packed)('%s', async (name, content) => {
    writeFileSync(at(name), content);
    expect(await checkLastLine(at(name))).toBe('whole');
    writeFileSync(at(name), content.subarray(0, content.length - 9));
    expect(await checkLastLine(at(name))).toBe('no_end');
    const waiting = decideComplete({ ...seen, lastLine: 'no_end' });
    expect(waiting.complete ? '' : waiting.reason).toContain('the end of the file is missing');
  });
});

test.runIf(process.platform === 'linux')(
  'an open writer is detected, a reader is not',
  async () => {
    const file = at('open.jsonl');
    writeFileSync(file, '{"a":1}\n');
    const reader = openSync(file, 'r');
    expect((await openForWriting(new Set([file]))).has(file)).toBe(false);
    const writer = openSync(file, 'a');
    expect((await openForWriting(new Set([file]))).has(file)).toBe(true);
    closeSync(writer);
    closeSync(reader);
    expect((await openForWriting(new Set([file]))).has(file)).toBe(false);
  },
);

test('the time counts from the last change', async () => {
  const file = at('grows.jsonl');
  let now = 100;
  const watch = new CompletenessWatch(() => now);
  writeFileSync(file, '{"a":1}\n');
  expect((await watch.check([file])).get(file)?.complete).toBe(false);
  now += 2;
  appendFileSync(file, '{"b":2}\n');
  expect((await watch.check([file])).get(file)?.complete).toBe(false);
  now += 2.5;
  expect((await watch.check([file])).get(file)?.complete).toBe(false);
  now += 1;
  expect((await watch.check([file])).get(file)?.complete).toBe(true);
});

test('how long a file waits is told in steps, so that a long list does not change each second', () => {
  const reason = (unchangedFor: number) => {
    const answer = decideComplete({ ...seen, unchangedFor, lastLine: 'cut' });
    return answer.complete ? '' : answer.reason;
  };
  expect(reason(4)).toContain('last change 4 s ago');
  expect(reason(23)).toContain('last change 20 s ago');
  expect(reason(61)).toContain('last change 1 min ago');
  expect(reason(119)).toBe(reason(61));
});

test('the inbox is left alone for a multiple of the time that looking at it took', async () => {
  const inboxFolder = mkdtempSync(path.join(folder, 'inbox-'));
  writeFileSync(path.join(inboxFolder, 'notes.md'), 'x');
  let t = 0;
  const clock = { ...systemClock, monotonic: () => (t += 0.1) };
  const inbox = new Inbox({
    ...{ folder: inboxFolder, clock, newId: () => 'i' },
    accept: () => Promise.resolve(),
  });
  expect(inbox.isResting).toBe(false);
  await inbox.scan();
  expect(inbox.entries().map(({ state }) => state)).toEqual(['refused']);
  expect(inbox.isResting).toBe(true);
  t += 20;
  expect(inbox.isResting).toBe(false);
});

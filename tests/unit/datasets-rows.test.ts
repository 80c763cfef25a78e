/** Files behind the row viewer: raw records in blocks, the token cache, filters. Real files, written by the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { RowSets } from '../../src-main/engine/datasets/row-account.ts';
import { readOriginal } from '../../src-main/engine/datasets/originals.ts';
import { filterRows, type RowQuery } from '../../src-main/engine/datasets/row-list.ts';
import { decodeSpans, lowerBound, TokenCache } from '../../src-main/engine/datasets/token-cache.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nightshift-rows-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const int64 = (numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(numbers.length * 8);
  numbers.forEach((number, index) => bytes.writeBigInt64LE(BigInt(number), index * 8));
  return bytes;
};
const entry = (row: number, text: string, whole = Buffer.byteLength(text)): string =>
  `${row} ${Buffer.byteLength(text)} ${whole}\n${text}`;

describe('originals', () => {
  const blocks = [
    entry(1, '{"a": "é\n"}') + entry(4, 'one\n7 3 3\nline'),
    entry(9, 'late', 900) + entry(12, ''),
  ].map((text) => zstdCompressSync(Buffer.from(text)));
  const [buffer, two] = blocks as [Buffer, Buffer];
  writeFileSync(path.join(folder, 'originals.zst'), Buffer.concat([buffer, two]));
  writeFileSync(
    path.join(folder, 'originals.i64'),
    int64([1, 0, buffer.length, 2, 9, buffer.length, two.length, 2]),
  );

  test('a row is found in its block, with newlines and numbers in its text, and is marked when it is cut', async () => {
    const read = (row: number, most = 100) => readOriginal(folder, row, most);
    expect(await read(1)).toEqual({ text: '{"a": "é\n"}', bytes: 12, cut: false });
    expect(await read(4)).toEqual({ text: 'one\n7 3 3\nline', bytes: 14, cut: false });
    expect(await read(4, 3)).toEqual({ text: 'one', bytes: 14, cut: true });
    expect(await read(9)).toEqual({ text: 'late', bytes: 900, cut: true });
    expect(await read(12)).toEqual({ text: '', bytes: 0, cut: false });
    expect([await read(7), await read(0), await read(99)]).toEqual([null, null, null]);
  });

  test('blocks that do not match their table have no rows', async () => {
    const other = mkdtempSync(path.join(folder, 'other-'));
    writeFileSync(path.join(other, 'originals.i64'), int64([1, 0, buffer.length, 2]));
    expect(await readOriginal(other, 1, 10)).toBeNull();
    writeFileSync(path.join(other, 'originals.zst'), Buffer.from('something else entirely'));
    expect(await readOriginal(other, 1, 10)).toBeNull();
  });
});

describe('the token cache', () => {
  const bytes = [Buffer.from('Hi '), Buffer.from([0xf0, 0x9f]), Buffer.from([0x99, 0x82])];
  test('a character split over two tokens is decoded; a span ends where training starts or ends', () => {
    const bytesOf = (id: number): Uint8Array => bytes[id] ?? new Uint8Array();
    expect(decodeSpans([0, 1, 2, 0], Uint8Array.from([0, 1, 1, 0]), bytesOf)).toEqual([
      { text: 'Hi ', trained: false },
      { text: '🙂', trained: true },
      { text: 'Hi ', trained: false },
    ]);
    expect(decodeSpans([], new Uint8Array(), bytesOf)).toEqual([]);
  });

  test('decodes the examples of one row', async () => {
    const tokens = Buffer.alloc(6 * 4);
    [0, 1, 2, 0, 0, 1].forEach((id, index) => tokens.writeInt32LE(id, index * 4));
    writeFileSync(path.join(folder, 'tokens.i32'), tokens);
    writeFileSync(path.join(folder, 'labels.u8'), Uint8Array.from([0, 1, 1, 0, 1, 1]));
    writeFileSync(
      path.join(folder, 'examples.i64'),
      int64([0, 3, 2, 2, 1, 0, 3, 1, 5, 0, 1, 0, 4, 2, 5, 2, 0, 0]),
    );
    const table = Buffer.alloc(3 * 8);
    bytes.forEach((tokenBytes, id) => {
      table.writeInt32LE(id, id * 8);
      table.writeInt32LE(tokenBytes.length, id * 8 + 4);
    });
    writeFileSync(path.join(folder, 'token_bytes.i32'), table);
    writeFileSync(path.join(folder, 'token_bytes.u8'), Buffer.concat(bytes));
    const cache = await TokenCache.open(folder);
    expect([...(cache?.exampleRows() ?? [])]).toEqual([2, 5]);
    expect(await cache?.examples(2, 9, 9)).toEqual([
      {
        tokens: 3,
        trained_tokens: 2,
        cut: false,
        spans: [
          { text: 'Hi ', trained: false },
          { text: '🙂', trained: true },
        ],
      },
    ]);
    expect((await cache?.examples(5, 9, 9))?.map((example) => example.tokens)).toEqual([1, 2]);
    expect((await cache?.examples(5, 1, 9))?.length).toBe(1);
    expect((await cache?.examples(2, 9, 1))?.[0]).toMatchObject({
      cut: true,
      spans: [{ text: 'Hi ' }],
    });
    expect(await cache?.examples(3, 9, 9)).toEqual([]);
    expect(await TokenCache.open(path.join(folder, 'nowhere'))).toBeNull();
  });

  test('lower bound', () => {
    expect([1, 2, 3, 9, 10].map((n) => lowerBound([2, 2, 9], n))).toEqual([0, 0, 2, 2, 3]);
  });
});

describe('filters', () => {
  const sets: RowSets = {
    rows: 9,
    heldOut: new Set([2]),
    rejected: new Map([
      [3, 'not_json'],
      [4, 'no_answer'],
    ]),
    quarantined: new Set([5]),
    truncated: new Set([6]),
    truncatedCount: 1,
  };
  const times = new Map([
    [6, 1],
    [7, 2],
  ]);
  const rows = async (query: RowQuery, isSkipped = false): Promise<number[]> => [
    ...(await filterRows(Uint32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 12]), query, {
      sets,
      timesOf: (row) => times.get(row) ?? 0,
      isSkipped,
    })),
  ];
  test.each([
    [{ filter: 'all' }, [1, 2, 3, 4, 5, 6, 7, 8, 12]],
    [{ filter: 'accepted' }, [1, 5, 6, 7, 8, 12]],
    [{ filter: 'held_out' }, [2]],
    [{ filter: 'rejected' }, [3, 4]],
    [{ filter: 'rejected', reason: 'no_answer' }, [4]],
    [{ filter: 'truncated' }, [6]],
    [{ filter: 'quarantined' }, [5]],
    [{ filter: 'trained' }, [6, 7]],
    [{ filter: 'trained', times: 2 }, [7]],
    [{ filter: 'remaining' }, [1, 8, 12]],
    [{ filter: 'skipped' }, []],
  ] as const)('%j', async (query, wanted) => {
    expect(await rows(query)).toEqual(wanted);
  });
  test('the rest of a skipped dataset is skipped', async () => {
    expect(await rows({ filter: 'skipped' }, true)).toEqual([1, 8, 12]);
  });
});

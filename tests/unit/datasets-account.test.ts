import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  accountOf,
  physicalRows,
  type RowSets,
  stateOfRow,
} from '../../src-main/engine/datasets/row-account.ts';
import { RowLedger } from '../../src-main/engine/datasets/row-ledger.ts';
import { TokenCache } from '../../src-main/engine/datasets/token-cache.ts';
import { freeName, plainName, refuseName } from '../../src-main/engine/datasets/names.ts';
import { plannedSteps } from '../../src-main/engine/datasets/index.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nightshift-account-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const main = [{ branch: 'main', upto: null, opened: 0 }];
const line = (step: number, rows: number[], branch = 'main'): string =>
  `${JSON.stringify({ branch, run: 'r', step, epoch: 0, rows, trained_tokens: 1, batch_hash: 'x', position: 0 })}\n`;
const sets: RowSets = {
  rows: 10,
  heldOut: new Set([1, 2]),
  rejected: new Map([[3, 'not_json']]),
  quarantined: new Set([4]),
  truncated: new Set(),
  truncatedCount: 0,
};

describe('the ledger', () => {
  test('lost steps do not count, a row with several examples counts once per step, a cut last line is read once it is whole', async () => {
    const file = path.join(folder, 'ledger.jsonl');
    writeFileSync(file, line(1, [5, 6, 6]) + line(2, [7, 8]));
    const ledger = new RowLedger(file);
    await ledger.refresh(main);
    expect(ledger.timesOf(6)).toBe(1);
    expect(ledger.stepsIn(main)).toBe(2);
    appendFileSync(
      file,
      `${JSON.stringify({ lost_after: 1, branch: 'main', run: 'r2', t: 1 })}\n{"branch":"main","st`,
    );
    await ledger.refresh(main);
    expect(ledger.timesOf(7)).toBe(0);
    expect(ledger.stepsIn(main)).toBe(1);
    appendFileSync(file, `ep":2,"rows":[7,8]}\n${line(3, [5, 6])}`);
    await ledger.refresh(main);
    expect([5, 6, 7, 8].map((row) => ledger.timesOf(row))).toEqual([2, 2, 1, 1]);
  });

  test('rows trained on an abandoned branch do not count until the branch is active again', async () => {
    const file = path.join(folder, 'branches.jsonl');
    writeFileSync(file, line(24, [5]) + line(25, [6]) + line(26, [7]) + line(27, [8]));
    const restored = [
      { branch: 'main', upto: 25, opened: 0 },
      { branch: 'branch-2', upto: null, opened: 9 },
    ];
    const ledger = new RowLedger(file);
    await ledger.refresh(main);
    expect([5, 6, 7, 8].map((row) => ledger.timesOf(row))).toEqual([1, 1, 1, 1]);
    await ledger.refresh(restored);
    expect([5, 6, 7, 8].map((row) => ledger.timesOf(row))).toEqual([1, 1, 0, 0]);
    appendFileSync(file, line(26, [8], 'branch-2') + line(27, [9], 'branch-2'));
    // Steps lost on the new branch; the same steps of the old branch are not affected.
    appendFileSync(
      file,
      `${JSON.stringify({ lost_after: 26, branch: 'branch-2', run: 'r', t: 1 })}\n`,
    );
    await ledger.refresh(restored);
    expect([5, 6, 7, 8, 9].map((row) => ledger.timesOf(row))).toEqual([1, 1, 0, 1, 0]);
    expect([ledger.stepsIn(restored), ledger.stepsIn(main)]).toEqual([3, 4]);
    expect(ledger.firstIn(restored)).toEqual({ branch: 'main', step: 24 });
    expect(ledger.firstIn([{ branch: 'branch-2', upto: null, opened: 9 }])).toEqual({
      branch: 'branch-2',
      step: 26,
    });
    await ledger.refresh(main);
    expect([5, 6, 7, 8, 9].map((row) => ledger.timesOf(row))).toEqual([1, 1, 1, 1, 0]);
  });

  test('rows of a refused step are not trained by it, and not refused once the step is lost', async () => {
    const file = path.join(folder, 'refused.jsonl');
    const refused = line(2, [7, 8]).replace('}', ',"refused":"loss"}');
    writeFileSync(file, line(1, [5, 6]) + refused + line(3, [8]));
    const ledger = new RowLedger(file);
    await ledger.refresh(main);
    expect([7, 8].map((row) => ledger.timesOf(row))).toEqual([0, 1]);
    expect(ledger.refusedRows()).toEqual([7, 8]);
    const account = accountOf(
      { ...sets, quarantined: new Set(ledger.refusedRows()) },
      ledger.trained(),
      false,
    );
    expect(account).toMatchObject({ trained: { '1': 3 }, quarantined: 1, remaining: 3 });
    appendFileSync(file, `${JSON.stringify({ lost_after: 1, branch: 'main', run: 'r', t: 1 })}\n`);
    await ledger.refresh(main);
    expect(ledger.refusedRows()).toEqual([]);
  });

  test('the rows done in an epoch are those of its last steps, whatever was trained earlier', async () => {
    const file = path.join(folder, 'epochs.jsonl');
    const of = (step: number, epoch: number, rows: number[]) =>
      line(step, rows).replace('"epoch":0', `"epoch":${String(epoch)}`);
    const epochs = of(1, 0, [5, 6]) + of(2, 0, [7]) + of(3, 1, [6, 7]) + of(4, 1, [5]);
    writeFileSync(file, epochs);
    const ledger = new RowLedger(file);
    await ledger.refresh(main);
    const rows = (upTo: number, most = Infinity) => [...ledger.epochRows(main, { upTo, most })];
    expect(rows(4)).toEqual([5, 6, 7]);
    expect(rows(3)).toEqual([6, 7]);
    expect(rows(2)).toEqual([7, 5, 6]);
    // The file was trained before as a whole: of its only epoch, one row is done.
    expect(rows(2, 1)).toEqual([7]);
    expect(rows(0)).toEqual([]);
  });

  test('a ledger of 100,000 steps is read without blocking the event loop', async () => {
    const file = path.join(folder, 'long.jsonl');
    let text = '';
    for (let step = 1; step <= 100_000; step += 1)
      text += line(step, [step % 997, step % 1009, step % 1013]);
    writeFileSync(file, text);
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const ledger = new RowLedger(file);
    await ledger.refresh(main);
    clearInterval(timer);
    expect(ledger.stepsIn(main)).toBe(100_000);
    // Other work ran between the reads.
    expect(turns).toBeGreaterThan(10);
  });
});

describe('the account', () => {
  test('every physical row is in exactly one state', () => {
    const account = accountOf(
      sets,
      new Map([
        [5, 1],
        [6, 1],
        [7, 2],
      ]),
      false,
    );
    expect(account).toEqual({
      rows: 10,
      trained: { '1': 2, '2': 1 },
      held_out: 2,
      rejected: 1,
      quarantined: 1,
      truncated: 0,
      skipped: 0,
      remaining: 3,
    });
  });
  test('in a skipped dataset no row is remaining', () => {
    expect(accountOf(sets, new Map(), true)).toMatchObject({ skipped: 6, remaining: 0 });
  });
  test('rows keep their physical numbers when there are blank lines', async () => {
    const examples = Buffer.alloc(2 * 48);
    examples.writeBigInt64LE(6n, 16);
    examples.writeBigInt64LE(12n, 48 + 16);
    writeFileSync(path.join(folder, 'examples.i64'), examples);
    const cached = async () => (await TokenCache.open(folder))?.exampleRows() ?? null;
    const nothing = () => Promise.resolve(null);
    expect([...(await physicalRows(folder, cached, sets))]).toEqual([1, 2, 3, 6, 12]);
    expect([...(await physicalRows(folder, nothing, sets))]).toHaveLength(10);
    const listed = Int32Array.from({ length: 10 }, (_, index) => 2 * index + 1);
    writeFileSync(path.join(folder, 'rows.i32'), Buffer.from(listed.buffer));
    expect([...(await physicalRows(folder, cached, sets))]).toEqual([...listed]);
    expect(stateOfRow(12, sets, 0, false)).toEqual({ row: 12, state: 'remaining', times: 0 });
    expect(stateOfRow(2, sets, 0, false).state).toBe('held_out');
  });
});

test('steps of a pass are rounded up in every epoch', () => {
  expect(plannedSteps(560, { batch_size: 16, gradient_accumulation: 1, epochs: 1 })).toBe(35);
  expect(plannedSteps(561, { batch_size: 8, gradient_accumulation: 2, epochs: 3 })).toBe(108);
});

describe('names', () => {
  test('a taken name gets a number, whatever its case', () => {
    const taken = new Set(['a.jsonl', 'a-2.jsonl']);
    expect(freeName('b.jsonl.gz', (name) => name === 'b.jsonl.gz')).toBe('b-2.jsonl.gz');
    expect(freeName('A.jsonl', (name) => taken.has(name.toLowerCase()))).toBe('A-3.jsonl');
  });
  test('a name from a client is reduced to a safe file name', () => {
    expect(plainName('../../etc/passwd.jsonl')).toBe('passwd.jsonl');
    expect(plainName('C:\\data\\my:file.jsonl')).toBe('myfile.jsonl');
    expect(plainName('.hidden.jsonl')).toBe('hidden.jsonl');
    expect(plainName(`${'a'.repeat(300)}.jsonl.gz`)).toMatch(/^a{191}\.jsonl\.gz$/);
  });
  test('other files are refused with a reason', () => {
    expect(refuseName('notes.md')).toBe(
      'notes.md ends in .md. Supported: .jsonl, .ndjson, .json, .csv, .tsv and .txt (optionally .gz or .zst), .parquet.',
    );
    expect(refuseName('rows.CSV')).toBeNull();
    for (const name of ['a.ndjson', 'a.tsv', 'a.txt.gz']) expect(refuseName(name)).toBeNull();
    expect(refuseName('README.txt')).toContain('looks like documentation');
    expect(refuseName('a.jsonl.xz')).toContain('a.jsonl.xz is an archive. Unpack it');
    expect(refuseName('a.zip')).toContain('a.zip is an archive. Unpack it');
    expect(refuseName('a.xlsx')).toBe('a.xlsx is a spreadsheet. Save it as .csv and add that.');
  });
});

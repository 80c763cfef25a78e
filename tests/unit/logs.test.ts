/** The end of a log, whatever its size. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogs } from '../../src-main/engine/logs/index.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-logs-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});
const logs = () => createLogs({ paths: workspacePaths(root) });
const ask = { search: '', limit: 5 };

test('a missing log has no lines', async () => {
  expect(await logs().read({ source: 'engine', ...ask })).toEqual({
    source: 'engine',
    path: null,
    lines: [],
    more: false,
  });
  mkdirSync(path.join(root, 'runs/20261124-021500-train-7c1d'), { recursive: true });
  expect((await logs().read({ source: 'trainer', ...ask })).lines).toEqual([]);
});

test('reads the newest file in order; the search ignores case', async () => {
  mkdirSync(path.join(root, 'logs'));
  writeFileSync(path.join(root, 'logs/engine_20261123.log'), 'old\n');
  writeFileSync(
    path.join(root, 'logs/engine_20261124.log'),
    'a\nError 1\r\nb\n10 %\r20 %\nerror 2\nend',
  );
  const { lines, more, path: file } = await logs().read({ source: 'engine', ...ask });
  expect(file).toContain('20261124');
  expect([lines, more]).toEqual([['Error 1', 'b', '20 %', 'error 2', 'end'], true]);
  const found = await logs().read({ source: 'engine', search: ' ERROR ', limit: 5 });
  expect([found.lines, found.more]).toEqual([['Error 1', 'error 2'], false]);
});

test('only the end of a large file is read, in whole lines', async () => {
  const folder = path.join(root, 'runs/20261124-021500-train-7c1d');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'trainer.log');
  for (let part = 0; part < 8; part++)
    appendFileSync(
      file,
      Array.from(
        { length: 5000 },
        (_, n) => `${String(part)}-${String(n)} äöü ${'x'.repeat(60)}\n`,
      ).join(''),
    );
  const { lines, more } = await logs().read({ source: 'trainer', search: '', limit: 5000 });
  expect(more).toBe(true);
  expect(lines.at(-1)?.startsWith('7-4999 äöü')).toBe(true);
  expect(lines.every((line) => /^\d-\d+ äöü x{60}$/.test(line))).toBe(true);
});

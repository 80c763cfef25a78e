import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createConfig } from '../../src-main/engine/config/index.ts';
import { createDisk, decideMinimum } from '../../src-main/engine/disk/index.ts';
import { createJournal } from '../../src-main/engine/journal/index.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { systemClock } from '../../src-main/kit/index.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-journal-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test('lines are in memory at once, on the disk in order, and read by the next engine', async () => {
  const paths = workspacePaths(root);
  const journal = createJournal({ paths, clock: systemClock });
  const written: string[] = [];
  journal.written.on((entry) => written.push(entry.text));
  for (let n = 0; n < 250; n += 1)
    journal.write({ what: 'test.line', text: `line ${n}`, evidence: { n } });
  expect(journal.recent()).toHaveLength(200);
  expect(journal.recent()[0]).toMatchObject({ text: 'line 249', step: null, dataset: null });
  expect(written).toHaveLength(250);
  const read = await journal.read(1000);
  expect(read.map((entry) => entry.text)).toEqual(
    Array.from({ length: 250 }, (_, at) => `line ${249 - at}`),
  );
  expect(new Set(read.map((entry) => entry.id)).size).toBe(250);
  const [file] = readdirSync(paths.journal);
  expect(file).toMatch(/^\d{6}\.jsonl$/);
  appendFileSync(path.join(paths.journal, file!), '{"cut');
  const next = createJournal({ paths, clock: systemClock });
  await expect.poll(() => next.recent()[0]?.text).toBe('line 249');
  expect(await next.read(3)).toHaveLength(3);
});

test('a journal that cannot be written blocks no writer, and its lines are written later', async () => {
  const paths = workspacePaths(root);
  writeFileSync(paths.journal, 'a file where the folder belongs');
  const journal = createJournal({ paths, clock: systemClock });
  journal.write({ what: 'test.line', text: 'kept' });
  await journal.flush();
  expect(journal.recent()[0]?.text).toBe('kept');
  rmSync(paths.journal);
  journal.write({ what: 'test.line', text: 'later' });
  expect((await journal.read(9)).map((entry) => entry.text)).toEqual(['later', 'kept']);
});

test('the minimum free space is as configured, at most a tenth of the disk', () => {
  expect(decideMinimum(50, 4000)).toBe(50);
  expect(decideMinimum(50, 100)).toBe(10);
  expect(decideMinimum(0, 100)).toBe(0);
});

test('space that is promised is not given a second time, until it is released or nobody continues', async () => {
  const paths = workspacePaths(root);
  mkdirSync(paths.status);
  const journal = createJournal({ paths, clock: systemClock });
  const config = await createConfig({ paths, journal, clock: systemClock });
  let now = 0;
  const clock = { ...systemClock, monotonic: () => now };
  const disk = createDisk({ paths, config, journal, clock });
  await disk.refresh();
  const most = (disk.reading().freeGb ?? 0) * 1e9 * 0.6;
  const isFull = { code: 'DISK_FULL', message: expect.stringContaining('promised') as string };
  // Each fits, both together do not; also when they ask at the same time.
  const both = await Promise.allSettled([
    disk.reserve('upload a', most, 'the upload of a'),
    disk.reserve('upload b', most, 'the upload of b'),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [first, second] = both[0].status === 'fulfilled' ? ['a', 'b'] : ['b', 'a'];
  await expect(disk.require(most, 'a checkpoint')).rejects.toMatchObject(isFull);
  // Its own promise does not stand in its way, and what is written is promised no longer.
  await disk.reserve(`upload ${first}`, most, 'the same', { seconds: 600 });
  await disk.reserve(`upload ${first}`, 1000, 'the rest', { seconds: 600 });
  await disk.reserve(`upload ${second}`, most, 'the other', { seconds: 600 });
  await expect(disk.require(most, 'a checkpoint')).rejects.toMatchObject(isFull);
  disk.release(`upload ${second}`);
  await disk.require(most, 'a checkpoint');
  await disk.reserve(`upload ${second}`, most, 'the other', { seconds: 600 });
  now = 601;
  await disk.require(most, 'a checkpoint');
  await config.close();
  await journal.flush();
});

test('what does not fit is refused before it is written, with free and needed space', async () => {
  const paths = workspacePaths(root);
  mkdirSync(paths.status);
  const journal = createJournal({ paths, clock: systemClock });
  const config = await createConfig({ paths, journal, clock: systemClock });
  const disk = createDisk({ paths, config, journal, clock: systemClock });
  await disk.refresh();
  const { freeGb, totalGb, floorGb } = disk.reading();
  expect(freeGb).toBeGreaterThan(0);
  expect(floorGb).toBe(decideMinimum(50, totalGb ?? 0));
  await disk.require(1000, 'a little');
  await expect(disk.require(1e18, 'a lot')).rejects.toMatchObject({
    code: 'DISK_FULL',
    data: { facts: { needed_gb: '1000000000.0' } },
  });
  await config.close();
  await journal.flush();
});

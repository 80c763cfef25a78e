/** Half-states that a crash leaves between two operations, made by hand; reconcile reads each of them correctly. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DatasetStore } from '../../src-main/engine/datasets/dataset-store.ts';
import type { Journal } from '../../src-main/engine/journal/index.ts';
import { systemClock } from '../../src-main/kit/clock.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';

let root: string;
let told: string[];
let ids: number;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-shelf-'));
  told = [];
  ids = 0;
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});
const paths = () => workspacePaths(root);

async function open(): Promise<DatasetStore> {
  const journal = {
    write: (line: { text: string }) => {
      told.push(line.text);
    },
  } as unknown as Journal;
  const shelf = new DatasetStore({
    paths: paths(),
    clock: systemClock,
    journal,
    newId: () => `d-${(ids += 1)}`,
  });
  await shelf.load();
  return shelf;
}
function put(folder: string, name: string, text = '{"a":1}\n'): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, name), text);
}
const only = (shelf: DatasetStore) => {
  const all = shelf.all();
  expect(all).toHaveLength(1);
  return all[0] as (typeof all)[number];
};

test('a file put into a queue folder by hand is adopted there, and is the same dataset after a restart', async () => {
  put(paths().queue.high, 'a.jsonl');
  const item = only(await open());
  expect(item).toMatchObject({
    place: 'queue',
    priority: 'high',
    meta: { name: 'a.jsonl', complete: false },
  });
  expect(only(await open()).meta.id).toBe(item.meta.id);
});

test('killed after the meta file and before the rename: the file still decides', async () => {
  put(paths().queue.normal, 'a.jsonl');
  const { meta } = only(await open());
  const file = path.join(paths().dataset(meta.id), 'meta.json');
  writeFileSync(
    file,
    JSON.stringify({ ...meta, place_hint: 'completed', reason: null, finished: 5 }),
  );
  expect(only(await open())).toMatchObject({
    place: 'queue',
    priority: 'normal',
    meta: { id: meta.id },
  });
});

test('killed after the rename: the new place counts', async () => {
  put(paths().queue.normal, 'a.jsonl');
  const { meta } = only(await open());
  renameSync(
    path.join(paths().queue.normal, 'a.jsonl'),
    path.join(paths().queue.completed, 'a.jsonl'),
  );
  expect(only(await open())).toMatchObject({ place: 'completed', meta: { id: meta.id } });
});

test('killed between the copy and its meta file: adopted, nothing is lost', async () => {
  put(paths().queue.low, 'half.jsonl');
  mkdirSync(paths().dataset('d-without-meta'), { recursive: true });
  expect(only(await open())).toMatchObject({ place: 'queue', priority: 'low' });
});

test('two files of one name: both are kept, the second gets a number', async () => {
  put(paths().queue.completed, 'a.jsonl', '{"old":1}\n');
  const first = only(await open());
  put(paths().queue.high, 'a.jsonl', '{"new":1}\n');
  const shelf = await open();
  expect(shelf.find(first.meta.id)).toMatchObject({
    place: 'completed',
    meta: { name: 'a.jsonl' },
  });
  const second = shelf.all().find((item) => item.place === 'queue');
  expect(second?.meta.name).toBe('a-2.jsonl');
  expect(readFileSync(second?.file ?? '', 'utf8')).toBe('{"new":1}\n');
  expect(readFileSync(path.join(paths().queue.completed, 'a.jsonl'), 'utf8')).toBe('{"old":1}\n');
});

test('a move never overwrites a file that lies in the way', async () => {
  put(paths().queue.normal, 'a.jsonl', '{"mine":1}\n');
  const shelf = await open();
  const { meta } = only(shelf);
  put(paths().queue.completed, 'a.jsonl', '{"foreign":1}\n');
  await shelf.move(meta.id, 'completed', { what: 'test' });
  expect(readFileSync(path.join(paths().queue.completed, 'a.jsonl'), 'utf8')).toBe('{"mine":1}\n');
  expect(readFileSync(path.join(paths().queue.completed, 'a-2.jsonl'), 'utf8')).toBe(
    '{"foreign":1}\n',
  );
});

test('a file in processing that no dataset owns goes back to wait', async () => {
  put(paths().queue.processing, 'stray.jsonl');
  expect(only(await open())).toMatchObject({ place: 'queue', priority: 'normal' });
  expect(readdirSync(paths().queue.processing)).toEqual([]);
});

test('junk of every kind is tolerated and reported once', async () => {
  put(paths().queue.normal, 'good.jsonl');
  put(paths().queue.normal, '.good.jsonl.123.0.tmp');
  put(paths().queue.normal, 'notes.md');
  mkdirSync(path.join(paths().queue.normal, 'folder.jsonl'));
  symlinkSync('/nowhere', path.join(paths().queue.normal, 'link.jsonl'));
  put(paths().dataset('broken'), 'meta.json', '{"format":1,');
  put(paths().datasets, 'a-file', 'x');
  const shelf = await open();
  expect(only(shelf).meta.name).toBe('good.jsonl');
  const count = told.length;
  expect(told.filter((text) => text.includes('left alone'))).toHaveLength(5);
  await shelf.reconcile();
  expect(told).toHaveLength(count);
  expect(existsSync(path.join(paths().queue.normal, 'notes.md'))).toBe(true);
});

test('the order is the explicit position, not the time of the file', async () => {
  put(paths().queue.normal, 'a.jsonl');
  const shelf = await open();
  put(paths().queue.normal, 'b.jsonl');
  await shelf.reconcile();
  const [a, b] = shelf.queued('normal');
  expect([a?.meta.name, b?.meta.name]).toEqual(['a.jsonl', 'b.jsonl']);
  await shelf.note(b?.meta.id ?? '', { position: -1 });
  expect((await open()).queued('normal').map((item) => item.meta.name)).toEqual([
    'b.jsonl',
    'a.jsonl',
  ]);
});

test('a file that vanished is no dataset, and is the same one when it comes back', async () => {
  put(paths().queue.normal, 'a.jsonl');
  const shelf = await open();
  const { meta } = only(shelf);
  const aside = path.join(root, 'aside');
  renameSync(path.join(paths().queue.normal, 'a.jsonl'), aside);
  expect(await shelf.reconcile()).toBe(true);
  expect(shelf.all()).toEqual([]);
  renameSync(aside, path.join(paths().queue.low, 'a.jsonl'));
  await shelf.reconcile();
  expect(only(shelf)).toMatchObject({ priority: 'low', meta: { id: meta.id } });
});

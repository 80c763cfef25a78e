/** States that a crash leaves between two file operations: reconcile handles each of them. */
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
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DatasetStore } from '../../src-main/engine/datasets/dataset-store.ts';
import type { Journal } from '../../src-main/engine/journal/index.ts';
import { systemClock } from '../../src-main/kit/clock.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';

let root: string;
let journaled: string[];
let ids: number;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-datasets-'));
  journaled = [];
  ids = 0;
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});
const paths = () => workspacePaths(root);

async function open(): Promise<DatasetStore> {
  const journal = {
    write: (line: { text: string }) => {
      journaled.push(line.text);
    },
  } as unknown as Journal;
  const store = new DatasetStore({
    paths: paths(),
    clock: systemClock,
    journal,
    newId: () => `d-${(ids += 1)}`,
  });
  await store.load();
  return store;
}
function put(folder: string, name: string, text = '{"a":1}\n'): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, name), text);
}
const only = (store: DatasetStore) => {
  const all = store.all();
  expect(all).toHaveLength(1);
  return all[0] as (typeof all)[number];
};

test('a file that is put into a queue folder is adopted there, and is the same dataset after a restart', async () => {
  put(paths().queue.high, 'a.jsonl');
  const record = only(await open());
  expect(record).toMatchObject({
    place: 'queue',
    priority: 'high',
    meta: { name: 'a.jsonl', complete: false },
  });
  expect(only(await open()).meta.id).toBe(record.meta.id);
});

test('the folder of a new dataset is made for it: one that was there before is not taken', async () => {
  put(paths().dataset('d-1'), 'meta.json', '{}');
  put(paths().queue.high, 'a.jsonl');
  await expect(open()).rejects.toMatchObject({ code: 'EEXIST' });
  expect(only(await open()).meta.id).toBe('d-2');
});

test('killed after meta.json and before the rename: the old place counts', async () => {
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

test('killed between the copy and its meta.json: the file is adopted', async () => {
  put(paths().queue.low, 'half.jsonl');
  mkdirSync(paths().dataset('d-without-meta'), { recursive: true });
  expect(only(await open())).toMatchObject({ place: 'queue', priority: 'low' });
});

test('of two files with one name both are kept, the second gets a number', async () => {
  put(paths().queue.completed, 'a.jsonl', '{"old":1}\n');
  const first = only(await open());
  put(paths().queue.high, 'a.jsonl', '{"new":1}\n');
  const store = await open();
  expect(store.find(first.meta.id)).toMatchObject({
    place: 'completed',
    meta: { name: 'a.jsonl' },
  });
  const second = store.all().find((record) => record.place === 'queue');
  expect(second?.meta.name).toBe('a-2.jsonl');
  expect(readFileSync(second?.file ?? '', 'utf8')).toBe('{"new":1}\n');
  expect(readFileSync(path.join(paths().queue.completed, 'a.jsonl'), 'utf8')).toBe('{"old":1}\n');
});

test('a move never overwrites a file that is in the way', async () => {
  put(paths().queue.normal, 'a.jsonl', '{"mine":1}\n');
  const store = await open();
  const { meta } = only(store);
  put(paths().queue.completed, 'a.jsonl', '{"foreign":1}\n');
  await store.move(meta.id, 'completed', { what: 'test' });
  expect(readFileSync(path.join(paths().queue.completed, 'a.jsonl'), 'utf8')).toBe('{"mine":1}\n');
  expect(readFileSync(path.join(paths().queue.completed, 'a-2.jsonl'), 'utf8')).toBe(
    '{"foreign":1}\n',
  );
});

test('a file in processing that belongs to no dataset goes back to the queue', async () => {
  put(paths().queue.processing, 'stray.jsonl');
  expect(only(await open())).toMatchObject({ place: 'queue', priority: 'normal' });
  expect(readdirSync(paths().queue.processing)).toEqual([]);
});

test('files that are not data are ignored and journaled once', async () => {
  put(paths().queue.normal, 'good.jsonl');
  put(paths().queue.normal, '.good.jsonl.123.0.tmp');
  put(paths().queue.normal, 'notes.md');
  mkdirSync(path.join(paths().queue.normal, 'folder.jsonl'));
  symlinkSync('/nowhere', path.join(paths().queue.normal, 'link.jsonl'));
  put(paths().dataset('broken'), 'meta.json', '{"format":1,');
  put(paths().datasets, 'a-file', 'x');
  const store = await open();
  expect(only(store).meta.name).toBe('good.jsonl');
  const count = journaled.length;
  expect(journaled.filter((text) => text.includes('ignored'))).toHaveLength(5);
  await store.reconcile();
  expect(journaled).toHaveLength(count);
  expect(existsSync(path.join(paths().queue.normal, 'notes.md'))).toBe(true);
});

describe('a damaged meta.json', () => {
  const validated = {
    key: 'k',
    verdict: 'ready',
    decision: null,
    message: null,
    rows: 3,
    accepted: 3,
    rejected: 0,
    held_out: 0,
    trained_rows: 3,
    planned_steps: 1,
    content_hash: 'h',
    cache: 'c',
    rows_hash: null,
    fields: [] as string[],
    warnings: [] as string[],
    t: 1,
  } as const;
  async function openedWith(damage: (file: string) => void): Promise<DatasetStore> {
    put(paths().queue.normal, 'a.jsonl');
    const store = await open();
    const { meta } = only(store);
    await store.update(meta.id, { validated, held: true });
    put(
      paths().run('20260101-000000-train-aaaa'),
      'spec.json',
      JSON.stringify({ dataset: { id: meta.id, name: 'a.jsonl' } }),
    );
    damage(path.join(paths().dataset(meta.id), 'meta.json'));
    return open();
  }
  const lastGood = (file: string): string => path.join(path.dirname(file), '.meta.json.last-good');

  test('is restored from its last good copy', async () => {
    const store = await openedWith((file) => {
      writeFileSync(file, '{"format": 1, "id": "d-');
    });
    expect(only(store)).toMatchObject({
      place: 'queue',
      meta: { id: 'd-1', held: true, validated: { rows: 3 } },
    });
    expect(journaled.at(-1)).toContain('restored from its last good copy');
  });

  test('is rebuilt from a run when there is no copy, and keeps the dataset', async () => {
    const store = await openedWith((file) => {
      writeFileSync(file, '');
      rmSync(lastGood(file));
    });
    expect(only(store)).toMatchObject({ place: 'queue', meta: { id: 'd-1', name: 'a.jsonl' } });
    expect(journaled.at(-1)).toContain('rebuilt');
    const count = journaled.length;
    expect(only(await open()).meta.id).toBe('d-1');
    expect(journaled).toHaveLength(count);
  });

  test('in the names of an earlier version it is not damaged', async () => {
    const store = await openedWith((file) => {
      const {
        validated: verdict,
        accept_valid_rows,
        ...rest
      } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      expect([verdict, accept_valid_rows]).toEqual([validated, false]);
      const judged = { ...validated, verdict: 'decide', decision: 'accept_good_rows' };
      writeFileSync(file, JSON.stringify({ ...rest, judged, accept_good_rows: true }));
    });
    expect(only(store).meta).toMatchObject({
      accept_valid_rows: true,
      validated: { verdict: 'needs_decision', decision: 'accept_valid_rows' },
    });
    expect(journaled.some((text) => text.includes('damaged'))).toBe(false);
  });
});

test('the order is the stored position, not the file time', async () => {
  put(paths().queue.normal, 'a.jsonl');
  const store = await open();
  put(paths().queue.normal, 'b.jsonl');
  await store.reconcile();
  const [a, b] = store.queued('normal');
  expect([a?.meta.name, b?.meta.name]).toEqual(['a.jsonl', 'b.jsonl']);
  await store.update(b?.meta.id ?? '', { position: -1 });
  expect((await open()).queued('normal').map((record) => record.meta.name)).toEqual([
    'b.jsonl',
    'a.jsonl',
  ]);
});

test('a file that is gone is not listed, and is the same dataset when it comes back', async () => {
  put(paths().queue.normal, 'a.jsonl');
  const store = await open();
  const { meta } = only(store);
  const aside = path.join(root, 'aside');
  renameSync(path.join(paths().queue.normal, 'a.jsonl'), aside);
  expect(await store.reconcile()).toBe(true);
  expect(store.all()).toEqual([]);
  renameSync(aside, path.join(paths().queue.low, 'a.jsonl'));
  await store.reconcile();
  expect(only(store)).toMatchObject({ priority: 'low', meta: { id: meta.id } });
});

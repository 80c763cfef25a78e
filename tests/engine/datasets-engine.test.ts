/** Adding files: inbox, uploads, copies, queue folders; verdicts and what changes them. Real folders and worker processes. */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../src-main/contract/index.ts';
import { startEngine } from '../../src-main/engine/engine.ts';
import { systemClock } from '../../src-main/kit/clock.ts';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest({ poll_interval: 1 }, (workspace) => {
  w = workspace;
});
const row = '{"question":"q","answer":"a"}\n';
const stopped = async () => {
  const engine = await w.withBase();
  await engine.api.training.stop({ now: true, by: 'test' });
  return engine;
};

describe('inbox', () => {
  test('incident 26: a file that is being copied waits, then it is moved and validated; a second one with its name is kept', async () => {
    await stopped();
    const file = path.join(w.folder, 'inbox', 'a.jsonl');
    const writer = openSync(file, 'w');
    appendFileSync(file, row);
    appendFileSync(file, '{"question":"half');
    const waiting = await until('waiting', () => {
      const dataset = w.named('a.jsonl');
      return dataset?.message?.includes('open in another program') === true ? dataset : null;
    });
    expect(waiting).toMatchObject({ place: 'inbox', verdict: 'waiting' });
    closeSync(writer);
    await until('cut', () => w.named('a.jsonl')?.message?.includes('the last line is incomplete'));
    expect(existsSync(file)).toBe(true);
    appendFileSync(file, '","answer":"b"}\n');
    const ready = await until('ready', () => {
      const dataset = w.named('a.jsonl');
      return dataset?.verdict === 'ready' ? dataset : null;
    });
    expect(ready).toMatchObject({ id: waiting.id, place: 'queue', rows: 2 });
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, row + row + row);
    await until('the second', () => w.named('a-2.jsonl')?.verdict === 'ready');
    expect(w.place('normal')).toEqual(['a-2.jsonl', 'a.jsonl']);
  });

  test('folders are scanned; other files stay there with a reason; an empty file is refused', async () => {
    await stopped();
    const inbox = path.join(w.folder, 'inbox');
    mkdirSync(path.join(inbox, 'pack', 'deep'), { recursive: true });
    mkdirSync(path.join(inbox, 'empty-folder.jsonl'));
    writeFileSync(path.join(inbox, 'pack', 'one.jsonl'), row);
    writeFileSync(path.join(inbox, 'pack', 'deep', 'two.csv'), 'question,answer\nq,a\n');
    writeFileSync(path.join(inbox, 'notes.md'), 'x');
    writeFileSync(path.join(inbox, 'nothing.jsonl'), '');
    symlinkSync('/etc/passwd', path.join(inbox, 'link.jsonl'));
    await until(
      'both',
      () => w.named('one.jsonl')?.place === 'queue' && w.named('two.csv')?.place !== 'inbox',
    );
    const empty = await until('the empty one', () =>
      w.named('nothing.jsonl')?.place === 'failed' ? w.named('nothing.jsonl') : null,
    );
    expect(empty).toMatchObject({ verdict: 'refused', message: 'nothing.jsonl is empty.' });
    expect(w.named('notes.md')).toMatchObject({ verdict: 'refused', place: 'inbox' });
    expect(w.named('notes.md')?.message).toContain('It remains in inbox/');
    expect(w.named('empty-folder.jsonl')?.message).toContain('a folder without data files');
    expect(w.named('link.jsonl')?.message).toContain('is a link');
    expect(existsSync(path.join(inbox, 'pack'))).toBe(false);
  });
});

test('a file put into queue/high is adopted when it is complete', async () => {
  await stopped();
  writeFileSync(path.join(w.folder, 'queue', 'high', 'by-hand.jsonl'), row.repeat(30));
  const dataset = await until('ready', () => {
    const found = w.named('by-hand.jsonl');
    return found?.verdict === 'ready' ? found : null;
  });
  expect(dataset).toMatchObject({ priority: 'high', place: 'queue' });
});

test('a file waits for a base model and is validated when one is chosen', async () => {
  await w.start();
  const [a] = await w.add(w.rows('a.jsonl', 20));
  expect(w.dataset(a?.id ?? '')).toMatchObject({
    verdict: 'waiting',
    message: 'waiting for a base model',
  });
  await w.engine.api.setup.choose({ base: 'starter', folder: null });
  await w.at(a?.id ?? '', 'completed');
});

describe('add', () => {
  test('originals are never changed; each refused file has a reason', async () => {
    await stopped();
    const good = w.rows('good.jsonl', 3);
    const hidden = w.rows('no-permission.jsonl', 3);
    chmodSync(hidden, 0o000);
    mkdirSync(path.join(w.root, 'dir.jsonl'));
    const empty = w.rows('empty.jsonl', 0);
    const answer = await w.engine.api.queue.add({
      paths: [
        good,
        empty,
        path.join(w.root, 'dir.jsonl'),
        '/nowhere/x.jsonl',
        'relative.jsonl',
        w.rows('x.xlsx', 1),
      ],
      priority: 'low',
    });
    expect(answer.added.map((dataset) => [dataset.name, dataset.priority])).toEqual([
      ['good.jsonl', 'low'],
    ]);
    expect(answer.refused.map((refusal) => refusal.message)).toEqual([
      'empty.jsonl is empty.',
      'dir.jsonl is a folder without data files. Supported: .jsonl, .ndjson, .json, .csv, .tsv and .txt (optionally .gz or .zst), .parquet.',
      '/nowhere/x.jsonl does not exist.',
      'relative.jsonl is not an absolute path.',
      'x.xlsx is a spreadsheet. Save it as .csv and add that.',
    ]);
    expect(existsSync(good)).toBe(true);
  });

  test('a folder is scanned', async () => {
    await stopped();
    const folder = path.join(w.root, 'many');
    mkdirSync(folder);
    for (const name of ['b.jsonl', 'a.jsonl', '.hidden.jsonl', 'readme.txt'])
      writeFileSync(path.join(folder, name), row);
    const answer = await w.engine.api.queue.add({ paths: [folder], priority: 'normal' });
    expect(answer.added.map((dataset) => dataset.name)).toEqual(['a.jsonl', 'b.jsonl']);
    expect(answer.refused).toHaveLength(1);
  });
});

describe('decisions', () => {
  test('one broken line: the row is named, training waits for the decision, then the valid rows are trained', async () => {
    await w.withBase();
    const text = row.repeat(20) + '{"question": broken\n' + row.repeat(20);
    const [a] = await w.add(w.rows('a.jsonl', 0, text));
    const id = a?.id ?? '';
    const waiting = await until('needs_decision', () =>
      w.dataset(id).verdict === 'needs_decision' ? w.dataset(id) : null,
    );
    expect(waiting).toMatchObject({ place: 'queue', decision: 'accept_valid_rows', rejected: 1 });
    expect(waiting.message).toContain('Row 21');
    await expect
      .poll(() => w.engine.api.status.get())
      .toMatchObject({ state: 'idle', reason: '1 file needs your decision' });
    await expect
      .poll(() => w.engine.api.feed.snapshot().rooms.notices[0])
      .toMatchObject({ kind: 'needs_decision' });
    await w.engine.api.datasets.acceptValidRows({ id });
    await w.at(id, 'completed');
    expect(await w.account(id)).toMatchObject({ rows: 41, rejected: 1, sum: 41, remaining: 0 });
    const rows = await w.engine.api.datasets.rows({ id, from: 20, limit: 3, filter: 'all' });
    expect(rows.rows.map((row) => [row.row, row.state])).toEqual([
      [20, 'trained'],
      [21, 'rejected'],
      [22, 'trained'],
    ]);
    expect(rows.total).toBe(41);
    const rejected = await w.engine.api.datasets.rows({
      id,
      from: 1,
      limit: 9,
      filter: 'rejected',
      reason: 'not_json',
      at: 3,
    });
    expect(rejected).toMatchObject({ total: 1, at: 0, rows: [{ row: 21, reason: 'not_json' }] });
    const trained = await w.engine.api.datasets.rows({
      id,
      from: 1,
      limit: 99,
      filter: 'trained',
      times: 1,
      at: 22,
    });
    expect(trained.rows[trained.at ?? -1]?.row).toBe(22);
    const broken = await w.engine.api.datasets.row({ id, row: 21 });
    expect(broken).toMatchObject({ state: 'rejected', reason: 'not_json', examples: [] });
    await expect(w.engine.api.datasets.row({ id, row: 999 })).rejects.toThrow('has no row 999');
  });

  test('of two equal files dropped together the second is asked about, until the first is removed', async () => {
    const engine = await stopped();
    const files = [w.rows('a.jsonl', 4), w.rows('b.jsonl', 4)];
    writeFileSync(files[1] ?? '', readFileSync(files[0] ?? ''));
    const [first, second] = await w.add(...files);
    const of = (id: string | undefined) => w.dataset(id ?? '');
    await until('the question', () => of(second?.id).decision === 'trained_before');
    expect(of(first?.id).verdict).toBe('ready');
    expect(of(second?.id).message).toBe(
      'Same content as a.jsonl, which is waiting in the queue. Train it as well, or remove it from the queue.',
    );
    await engine.api.queue.remove({ id: first?.id ?? '' });
    await until('no question', () => of(second?.id).verdict === 'ready');
    expect(of(second?.id)).toMatchObject({ decision: null, message: null });
  });

  test('unknown columns are mapped once', async () => {
    await stopped();
    const [a] = await w.add(w.rows('a.jsonl', 0, '{"text":"q","category":"c"}\n'.repeat(20)));
    const id = a?.id ?? '';
    await until('needs_decision', () => w.dataset(id).decision === 'map_columns');
    await w.engine.api.datasets.mapColumns({
      id,
      mapping: { format: 'columns', prompt: 'text', answer: 'category' },
    });
    await until('ready', () => w.dataset(id).verdict === 'ready');
    expect((await w.engine.api.datasets.get({ id })).mapping).toEqual({
      format: 'columns',
      prompt: 'text',
      answer: 'category',
    });
  });

  test('a file without usable rows is refused into failed/; the fixed file is another dataset', async () => {
    await stopped();
    const [a] = await w.add(w.rows('a.jsonl', 0, 'no json\n'));
    const refused = await w.at(a?.id ?? '', 'failed');
    expect(refused).toMatchObject({ verdict: 'refused', message: 'No row can be used.' });
    const [b] = await w.add(w.rows('a.jsonl', 5));
    expect(b?.name).toBe('a-2.jsonl');
  });
});

test('after a confirmed change of max_length queued files are validated again', async () => {
  await stopped();
  const [a] = await w.add(w.rows('a.jsonl', 20));
  const id = a?.id ?? '';
  await until('ready', () => w.dataset(id).verdict === 'ready');
  const before = w.engine.rooms.datasets.forPass(id)?.validated?.cache;
  await w.engine.api.config.set({
    key: 'max_length',
    value: 256,
    confirm: 'max_length',
    stage: false,
    by: 'test',
  });
  expect(w.dataset(id).verdict).not.toBe('training');
  await until('validated again', () => {
    const now = w.engine.rooms.datasets.forPass(id);
    return now?.isReady === true && now.validated?.cache !== before;
  });
});

test('a file that changed after validation is validated again before training', async () => {
  await stopped();
  const [a] = await w.add(w.rows('a.jsonl', 20));
  const id = a?.id ?? '';
  await until('ready', () => w.dataset(id).verdict === 'ready');
  const file = path.join(w.folder, 'queue/normal/a.jsonl');
  // Same length, other content: the size alone doesn't show the change.
  writeFileSync(file, readFileSync(file, 'utf8').replace('q a.jsonl 3', 'Q A.JSONL 3'));
  await w.engine.api.training.resume({ by: 'test' });
  await w.at(id, 'completed');
  const { report } = await w.engine.api.datasets.get({ id });
  expect(report?.content_hash).toBe(
    createHash('md5')
      .update(readFileSync(path.join(w.folder, 'queue/completed/a.jsonl')))
      .digest('hex'),
  );
  expect(w.engine.rooms.journal.recent().some((room) => room.what === 'datasets.changed')).toBe(
    true,
  );
});

test('validate checks a local file without adding it', async () => {
  await stopped();
  const report = await w.engine.api.datasets.validate({ path: w.rows('checked.jsonl', 12) });
  expect(report).toMatchObject({ verdict: 'ready', rows: 12 });
  expect(w.engine.api.datasets.list()).toEqual([]);
  await expect(w.engine.api.datasets.validate({ path: '/nowhere.jsonl' })).rejects.toMatchObject({
    code: 'INVALID',
  });
});

describe('uploads', () => {
  const content = Buffer.from(row.repeat(50));
  const sha256 = createHash('sha256').update(content).digest('hex');

  test('an interrupted upload resumes, also after a restart of the engine', async () => {
    await stopped();
    const input = {
      name: '../up.jsonl',
      bytes: content.length,
      key: 'a-long-key',
      priority: 'high' as const,
    };
    const { upload, offset } = await w.engine.api.uploads.begin(input);
    expect(offset).toBe(0);
    await w.engine.api.uploads.append({
      upload,
      offset: 0,
      chunk: new Blob([content.subarray(0, 500)]),
    });
    expect(w.named('up.jsonl')).toMatchObject({ place: 'inbox', progress: 500 / content.length });
    await w.stop();
    await w.start();
    expect(await w.engine.api.uploads.begin(input)).toEqual({ upload, offset: 500 });
    await expect(
      w.engine.api.uploads.append({ upload, offset: 400, chunk: new Blob(['x']) }),
    ).rejects.toMatchObject({ code: 'INVALID', data: { facts: { offset: '500' } } });
    await w.engine.api.uploads.append({
      upload,
      offset: 500,
      chunk: new Blob([content.subarray(500)]),
    });
    const summary = await w.engine.api.uploads.finish({ upload, sha256 });
    expect(summary).toMatchObject({ name: 'up.jsonl', place: 'queue', priority: 'high' });
    expect(readFileSync(path.join(w.folder, 'queue/high/up.jsonl'))).toEqual(content);
  });

  test('a corrupted upload is refused and removed', async () => {
    await stopped();
    const { upload } = await w.engine.api.uploads.begin({
      name: 'up.jsonl',
      bytes: 3,
      key: 'a-long-key',
      priority: 'normal',
    });
    await w.engine.api.uploads.append({ upload, offset: 0, chunk: new Blob(['abc']) });
    await expect(w.engine.api.uploads.finish({ upload, sha256 })).rejects.toMatchObject({
      code: 'INVALID',
    });
    expect(w.engine.api.datasets.list()).toEqual([]);
    await expect(w.engine.api.uploads.finish({ upload, sha256 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(
      w.engine.api.uploads.begin({
        name: 'x.exe',
        bytes: 3,
        key: 'a-long-key',
        priority: 'normal',
      }),
    ).rejects.toBeInstanceOf(Refusal);
  });
});

test('the sample dataset is written by the worker and queued; its held-out questions are not', async () => {
  await stopped();
  await w.engine.api.setup.sample({ shuffled: false });
  expect(w.named('sample-requests.jsonl')).toMatchObject({ place: 'queue' });
  expect(existsSync(path.join(w.folder, 'data/sample/held_out.jsonl'))).toBe(true);
  expect(w.engine.api.setup.get().sample_added).toBe(true);
});

describe('setup', () => {
  test('a base model that could not be created is shown as failed with its reason and can be retried', async () => {
    w.setBehavior({ fail_base: true });
    const { api } = await w.start();
    await api.setup.choose({ base: 'starter', folder: null });
    const failed = await until('failed', () =>
      api.setup.get().bases.find((base) => base.state === 'failed'),
    );
    expect(failed.message).toContain('there is no such model');
    expect(api.setup.get().chosen).toBeNull();
    w.setBehavior({});
    await api.setup.choose({ base: 'starter', folder: null });
    await until('ready', () => api.setup.get().chosen === 'starter');
    expect(
      w.json<{ base: { id: string }; head: null }>('current_model/lineage.json'),
    ).toMatchObject({ base: { id: 'starter' }, head: null });
  });

  test('the creation of a base model can be canceled; nothing of it is left', async () => {
    w.setBehavior({ base_seconds: 300 });
    const { api } = await w.start();
    expect(() => api.setup.cancel()).toThrow('No base model is being created');
    await api.setup.choose({ base: 'starter', folder: null });
    const models = path.join(w.folder, 'models');
    const partials = () => readdirSync(models).filter((name) => name.endsWith('.partial'));
    await until('its folder', () => partials().length > 0);
    api.setup.cancel();
    await until('canceled', () => api.setup.get().bases.every((base) => base.state !== 'making'));
    expect(partials()).toEqual([]);
    w.setBehavior({});
    await api.setup.choose({ base: 'starter', folder: null });
    await until('ready', () => api.setup.get().chosen === 'starter');
  });

  test('the base model of a trained lineage is not replaced', async () => {
    const { api } = await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 20));
    await w.at(a?.id ?? '', 'completed');
    const again = () => api.setup.choose({ base: 'smollm2', folder: null });
    await again();
    await until('the other base', () =>
      api.setup.get().bases.some((base) => base.id === 'smollm2' && base.state === 'ready'),
    );
    // Available, but the trained lineage keeps its own.
    await expect(again()).rejects.toMatchObject({
      code: 'LOCKED',
      data: { next: expect.stringContaining('Set base_model to smollm2') as string },
    });
    expect(api.setup.get().chosen).toBe('starter');
    expect(api.lineage.get()).toMatchObject({ head: 'main', base: { id: 'starter' } });
  });
});

describe('the workspace', () => {
  test('a second engine is refused; the refusal names the first', async () => {
    await w.start();
    await expect(startEngine({ workspace: w.folder })).rejects.toMatchObject({
      code: 'BUSY',
      data: { facts: { holder: `pid ${process.pid}` } },
    });
  });

  test('after a restart datasets, queue state, notices and versions are read from the files', async () => {
    const { api } = await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 20));
    await w.at(a?.id ?? '', 'completed');
    await api.training.pause({ by: 'test' });
    await until('notices', () => api.feed.snapshot().rooms.notices.length >= 2);
    const before = api.feed.snapshot().rooms;
    await w.stop();
    const after = (await w.start()).api.feed.snapshot().rooms;
    expect(after.datasets).toEqual(before.datasets);
    expect(after.versions).toEqual(before.versions);
    expect(after.queue).toEqual(before.queue);
    expect(after.notices.map((notice) => notice.id)).toEqual(
      expect.arrayContaining(before.notices.map((notice) => notice.id)),
    );
  });

  test('a data file that is moved away and back is the same dataset', async () => {
    await stopped();
    const [a] = await w.add(w.rows('a.jsonl', 20));
    const id = a?.id ?? '';
    await until('ready', () => w.dataset(id).verdict === 'ready');
    const aside = path.join(w.root, 'aside.jsonl');
    renameSync(path.join(w.folder, 'queue/normal/a.jsonl'), aside);
    await until('gone', () => w.named('a.jsonl') === undefined);
    renameSync(aside, path.join(w.folder, 'queue/low/a.jsonl'));
    await until('back', () => w.named('a.jsonl')?.id === id);
    expect(w.dataset(id)).toMatchObject({ priority: 'low', verdict: 'ready' });
    rmSync(path.join(w.folder, 'queue/low/a.jsonl'));
  });
});

test('intake runs while another dataset trains', async () => {
  w.setBehavior({ step_seconds: 0.05, intake_seconds: 0.6 });
  await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 200));
  await until('training', () => w.engine.api.status.get().state === 'training');
  const [b] = await w.add(w.rows('b.jsonl', 20));
  const during = await until('validating', () => {
    const dataset = w.dataset(b?.id ?? '');
    return dataset.verdict === 'validating' && (dataset.progress ?? 0) > 0
      ? w.engine.api.status.get()
      : null;
  });
  expect(during.state).toBe('training');
  await until('ready', () => w.dataset(b?.id ?? '').verdict === 'ready');
  expect(w.dataset(a?.id ?? '').place).toBe('processing');
  const times = await until('expected times', () =>
    w.dataset(b?.id ?? '').starts_at === null ? null : w.dataset(b?.id ?? ''),
  );
  // expected times are whole seconds
  expect(times.starts_at ?? 0).toBeGreaterThanOrEqual(Math.floor(systemClock.now()));
});

/** The queue with real files and processes, and a fake trainer that follows the file protocol. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest({}, (workspace) => {
  w = workspace;
});
const slow = { step_seconds: 0.05 };

test('two files one after another: versions, row counts, notices', async () => {
  const engine = await w.withBase();
  const [a, b] = await w.add(w.rows('a.jsonl', 42), w.rows('b.jsonl', 21));
  await w.at(a?.id ?? '', 'completed');
  const second = await w.at(b?.id ?? '', 'completed');
  expect(w.place('completed')).toEqual(['a.jsonl', 'b.jsonl']);
  const versions = engine.api.versions.list();
  expect(versions.map((version) => version.name)).toEqual(['v002_b', 'v001_a']);
  expect(versions[1]).toMatchObject({
    description: 'after a.jsonl, 10 steps',
    step: 10,
    parent: null,
  });
  expect(versions[0]).toMatchObject({ step: 15, parent: 'v001_a' });
  expect(existsSync(path.join(versions[0]?.folder ?? '', 'model.safetensors'))).toBe(true);
  const account = await w.account(a?.id ?? '');
  expect(account).toMatchObject({
    rows: 42,
    sum: 42,
    trained: { '1': 40 },
    held_out: 2,
    remaining: 0,
  });
  expect(second).toMatchObject({
    planned_steps: 5,
    done_steps: 5,
    // the loss on the dataset's own rows, which the fake trainer puts 0.5 above the fixed set's
    validation_before: 3.5,
    validation_after: 1.5,
  });
  const notices = await until('notices', () => {
    const all = engine.api.feed.snapshot().rooms.notices;
    return all.some((notice) => notice.kind === 'queue_empty') ? all : null;
  });
  const done = notices.filter((notice) => notice.kind === 'dataset_done');
  expect(done.map(({ title }) => title)).toEqual(['b.jsonl done', 'a.jsonl done']);
  expect(notices.find((notice) => notice.kind === 'queue_empty')?.body).toContain('2 datasets');
  await expect.poll(() => w.json<{ step: number }>('status', 'training_status.json').step).toBe(15);
  expect(w.log).toEqual([]);
});

test('incident 1: a dataset that trained fewer steps than planned is failed, not done', async () => {
  w.setBehavior({ steps_short: 10 });
  await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  const failed = await w.at(a?.id ?? '', 'failed');
  expect(failed.message).toContain('0 of 10 planned steps');
  expect(w.engine.api.versions.list()).toEqual([]);
  await expect
    .poll(() => w.engine.api.feed.snapshot().rooms.notices.map((notice) => notice.kind))
    .toContain('dataset_failed');
});

test('incident 2: pause, resume, stop now, resume, stop after: every row is trained exactly once', async () => {
  w.setBehavior(slow);
  const { api } = await w.withBase();
  const [a, b] = await w.add(w.rows('a.jsonl', 200), w.rows('b.jsonl', 40));
  const id = a?.id ?? '';
  const step = (at: number) =>
    until(`step ${at}`, () => (api.status.get().current_step ?? 0) >= at);
  await step(3);
  expect(await api.training.pause({ by: 'test' })).toMatchObject({ state: 'paused', acted: true });
  expect(api.feed.snapshot().rooms.queue).toMatchObject({ desired_state: 'paused', by: 'test' });
  expect(api.status.get()).toMatchObject({ state: 'paused', reason: 'by test' });
  expect(await api.training.resume({ by: 'test' })).toMatchObject({ acted: true });
  await step(10);
  expect(await api.training.stop({ now: true, by: 'test' })).toMatchObject({
    state: 'stopped',
    acted: true,
  });
  expect(api.status.get().trainer.alive).toBe(false);
  expect(w.dataset(id).place).toBe('processing');
  await api.training.resume({ by: 'test' });
  await step(20);
  expect((await api.training.stop({ now: false, by: 'test' })).text).toBe('Stops after a.jsonl.');
  await w.at(id, 'completed');
  await until('stopped', () => api.status.get().state === 'stopped');
  expect(w.dataset(b?.id ?? '').place).toBe('queue');
  expect(await w.account(id)).toMatchObject({ trained: { '1': 198 }, remaining: 0, sum: 200 });
  await api.training.resume({ by: 'test' });
  await w.at(b?.id ?? '', 'completed');
});

test('resumed before the pause took effect, it does not pause', async () => {
  w.setBehavior({ step_seconds: 0.4 });
  const { api } = await w.withBase();
  await w.add(w.rows('a.jsonl', 120));
  await until('step 2', () => (api.status.get().current_step ?? 0) >= 2);
  const pausing = api.training.pause({ by: 'test' });
  await until('told to pause', () => w.engine.rooms.trainer.view().requestedHalt === 'paused');
  await api.training.resume({ by: 'test' });
  await pausing;
  const at = api.status.get().current_step ?? 0;
  await until('it goes on', () => (api.status.get().current_step ?? 0) > at + 2, 10);
  await expect.poll(() => api.status.get().state).toBe('training');
});

test('two commands at the same time are two commands', async () => {
  w.setBehavior(slow);
  const { api } = await w.withBase();
  await w.add(w.rows('a.jsonl', 400));
  await until('step 2', () => (api.status.get().current_step ?? 0) >= 2);
  const { trainer } = w.engine.rooms;
  await Promise.all([trainer.command('sample'), trainer.command('pause')]);
  const run = trainer.view().run ?? '';
  expect(readdirSync(path.join(w.folder, 'runs', run, 'commands')).sort()).toEqual([
    '000001-sample.json',
    '000002-pause.json',
  ]);
});

describe('skip', () => {
  test('the rest is in skipped/ and continues exactly there', async () => {
    w.setBehavior(slow);
    const { api } = await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 120));
    const id = a?.id ?? '';
    await until('step 6', () => (api.status.get().current_step ?? 0) >= 6);
    await api.training.skip({ by: 'test' });
    const skipped = await w.at(id, 'skipped');
    const before = await w.account(id);
    expect(before.skipped).toBeGreaterThan(0);
    expect(before.sum).toBe(120);
    w.setBehavior({});
    await api.queue.retry({ id });
    const done = await w.at(id, 'completed');
    expect(done.done_steps).toBe(30);
    expect(skipped.done_steps).toBeLessThan(30);
    expect(await w.account(id)).toMatchObject({
      trained: { '1': 118 },
      skipped: 0,
      remaining: 0,
      sum: 120,
    });
  });

  test('skipped before a restart, the dataset keeps the position of its newest checkpoint', async () => {
    w.setBehavior(slow);
    const { api } = await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 120));
    const id = a?.id ?? '';
    await until('step 6', () => (api.status.get().current_step ?? 0) >= 6);
    w.setBehavior({ fail: { category: 'worker_died', message: 'gone' } });
    process.kill(api.status.get().trainer.pid ?? -1, 'SIGKILL');
    await until('recovering', () => api.status.get().state === 'recovering');
    await api.training.skip({ by: 'test' });
    await w.at(id, 'skipped');
    w.setBehavior({});
    await api.queue.retry({ id });
    await w.at(id, 'completed');
    expect(await w.account(id)).toMatchObject({ trained: { '1': 118 }, sum: 120 });
  });

  test('skipped while no engine runs: the next engine finds it skipped', async () => {
    w.setBehavior(slow);
    const { api } = await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 120));
    const id = a?.id ?? '';
    await until('step 6', () => (api.status.get().current_step ?? 0) >= 6);
    const { pid } = api.status.get().trainer;
    const run = readdirSync(path.join(w.folder, 'runs')).find((name) => name.includes('-train-'));
    await w.stop();
    writeFileSync(
      path.join(w.folder, 'runs', run ?? '', 'commands', '000001-skip.json'),
      JSON.stringify({ format: 1, seq: 1, verb: 'skip', t: 0, args: {} }),
    );
    await until('the trainer ended', () => !existsSync(`/proc/${String(pid)}/fd/0`));
    await w.start();
    expect(w.dataset(id).place).toBe('skipped');
    w.setBehavior({});
    await w.engine.api.queue.retry({ id });
    await w.at(id, 'completed');
    expect(await w.account(id)).toMatchObject({ trained: { '1': 118 }, sum: 120 });
  });

  test('without a live trainer the newest checkpoint decides where it continues', async () => {
    w.setBehavior(slow);
    const { api } = await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 120));
    const id = a?.id ?? '';
    await until('step 6', () => (api.status.get().current_step ?? 0) >= 6);
    await api.training.stop({ now: true, by: 'test' });
    await api.training.skip({ by: 'test' });
    await w.at(id, 'skipped');
    w.setBehavior({});
    await api.queue.retry({ id });
    await api.training.resume({ by: 'test' });
    await w.at(id, 'completed');
    expect(await w.account(id)).toMatchObject({ trained: { '1': 118 }, sum: 120 });
  });
});

test('.stop: saves and stops, also after a restart, until training is resumed', async () => {
  w.setBehavior(slow);
  await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 120));
  await until('step 6', () => (w.engine.api.status.get().current_step ?? 0) >= 6);
  writeFileSync(path.join(w.folder, '.stop'), '');
  await until('renamed', () =>
    readdirSync(w.folder).some((name) => name.startsWith('.stop.done-')),
  );
  const { api } = w.engine;
  await expect
    .poll(() => api.status.get())
    .toMatchObject({ state: 'stopped', reason: 'by .stop file' });
  await w.stop();
  await w.start();
  await expect.poll(() => w.engine.api.status.get().state).toBe('stopped');
  w.setBehavior({});
  await w.engine.api.training.resume({ by: 'test' });
  await w.at(a?.id ?? '', 'completed');
  expect(await w.account(a?.id ?? '')).toMatchObject({ trained: { '1': 118 }, remaining: 0 });
});

test('a start with .stop present starts stopped', async () => {
  await w.withBase();
  await w.stop();
  writeFileSync(path.join(w.folder, '.stop'), '');
  await w.start();
  await expect.poll(() => w.engine.api.status.get().state).toBe('stopped');
  expect(existsSync(path.join(w.folder, '.stop'))).toBe(false);
});

test('the engine restarts: the trainer keeps its pid and is adopted', async () => {
  w.setBehavior(slow);
  await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 160));
  await until('step 4', () => (w.engine.api.status.get().current_step ?? 0) >= 4);
  const { pid } = w.engine.api.status.get().trainer;
  await w.stop();
  await w.start();
  await expect.poll(() => w.engine.api.status.get().trainer).toMatchObject({ pid, alive: true });
  expect(Object.keys(w.engine.api.config.get().locks)).toContain('learning_rate');
  await w.at(a?.id ?? '', 'completed');
  expect(await w.account(a?.id ?? '')).toMatchObject({ trained: { '1': 158 }, sum: 160 });
});

describe('after a crash between two operations', () => {
  test('killed between pass.json and the rename: the same pass begins', async () => {
    await w.withBase();
    await w.engine.api.training.stop({ now: true, by: 'test' });
    const [a] = await w.add(w.rows('a.jsonl', 42));
    const id = a?.id ?? '';
    await until('ready', () => w.dataset(id).verdict === 'ready');
    const { baseModels, config, datasets } = w.engine.rooms;
    const validated = datasets.forPass(id)?.validated;
    const base = baseModels.selected();
    writeFileSync(
      path.join(w.folder, 'data/datasets', id, 'pass.json'),
      JSON.stringify({
        format: 1,
        pass: 'p-half',
        dataset: id,
        config: config.values(),
        planned_steps: 10,
        steps_before: 0,
        content_hash: validated?.content_hash,
        cache: validated?.cache,
        base: { id: base?.id, folder: base?.folder, hash: base?.hash },
        head_step: null,
        start: { position: 0, epoch: 0 },
        started: 1,
        state: 'open',
        reason: null,
      }),
    );
    await w.stop();
    await w.start();
    await w.engine.api.training.resume({ by: 'test' });
    await w.at(id, 'completed');
    expect(w.json<{ pass: string }>('data/datasets', id, 'pass.json').pass).toBe('p-half');
    expect(await w.account(id)).toMatchObject({ trained: { '1': 40 }, sum: 42 });
  });

  test('killed between the last checkpoint and the rename: nothing is trained twice, one version', async () => {
    await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 42));
    const id = a?.id ?? '';
    await w.at(id, 'completed');
    await w.stop();
    renameSync(
      path.join(w.folder, 'queue/completed/a.jsonl'),
      path.join(w.folder, 'queue/processing/a.jsonl'),
    );
    const file = path.join(w.folder, 'data/datasets', id, 'pass.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"completed"', '"open"'));
    await w.start();
    await w.at(id, 'completed');
    expect(w.engine.api.versions.list()).toHaveLength(1);
    expect(await w.account(id)).toMatchObject({ trained: { '1': 40 }, sum: 42 });
  });

  test('killed between pass.json "completed" and the rename: only the rename is left to do', async () => {
    await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 42));
    await w.at(a?.id ?? '', 'completed');
    await w.stop();
    renameSync(
      path.join(w.folder, 'queue/completed/a.jsonl'),
      path.join(w.folder, 'queue/processing/a.jsonl'),
    );
    await w.start();
    expect(w.dataset(a?.id ?? '').place).toBe('completed');
  });
});

describe('failures', () => {
  test('incident 24: a machine that is not ready never fails the dataset; training starts automatically', async () => {
    w.setBehavior({
      fail: { category: 'disk_full', message: 'No space left for step 5' },
    });
    await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 42));
    const id = a?.id ?? '';
    const status = await until('the reason', () => {
      const now = w.engine.api.status.get();
      return now.error !== null && now.state === 'recovering' ? now : null;
    });
    expect(status.reason).toContain('No space left');
    expect(w.dataset(id).place).toBe('processing');
    w.setBehavior({});
    await w.at(id, 'completed');
    await expect.poll(() => w.engine.api.status.get().error).toBeNull();
  });

  test('NaN or Inf in the weights: reported, and training resumes from the checkpoint before', async () => {
    const step = 12;
    w.setBehavior({
      fail_once_at: {
        step,
        category: 'weights_not_finite',
        message: 'layer 0 held values that are no numbers after step 12',
        event: { kind: 'weights_not_finite', name: 'layer 0', saved: 10 },
      },
    });
    await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 82));
    await w.at(a?.id ?? '', 'completed');
    expect(await w.account(a?.id ?? '')).toMatchObject({ trained: { '1': 80 }, remaining: 0 });
    const told = w.engine.api.feed.snapshot().rooms.notices;
    expect(
      told.find((notice) => notice.title === 'Weights became NaN or Inf at step 12')?.body,
    ).toBe('They were not saved. Training resumes from step 10.');
    expect(told.find((notice) => notice.kind === 'crash_recovered')?.body).toContain(
      'Resumed from step 10',
    );
  });

  test('a dataset that the trainer cannot read fails with the reason and the next one is trained', async () => {
    w.setBehavior({ fail: { category: 'dataset_error', message: 'row 3 has no tokens' } });
    await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 42));
    const failed = await w.at(a?.id ?? '', 'failed');
    expect(failed.message).toContain('row 3 has no tokens');
    w.setBehavior({});
    const [b] = await w.add(w.rows('b.jsonl', 42));
    await w.at(b?.id ?? '', 'completed');
    await w.engine.api.queue.retry({ id: a?.id ?? '' });
    await w.at(a?.id ?? '', 'completed');
  });
});

describe('quarantine', () => {
  test('rows that fail twice are quarantined, the rest is trained automatically, and the row counts add up', async () => {
    w.setBehavior({ poisoned_rows: [30] });
    await w.withBase();
    // 40 of 42 rows are trained, four a step: row 30 is in the seventh, with 27, 28 and 29.
    const [a] = await w.add(w.rows('a.jsonl', 42));
    const id = a?.id ?? '';
    const done = await w.at(id, 'completed');
    expect([done.done_steps, done.planned_steps]).toEqual([9, 9]);
    expect(w.json('data', 'datasets', id, 'pass.json')).toMatchObject({
      excluded_rows: [27, 28, 29, 30],
      row_order: 'all',
      // It continues at the newest checkpoint of the pass that failed, in its epoch.
      start: { position: 20, epoch: 0 },
      ...{ steps_before: 5, planned_steps: 4, state: 'completed' },
    });
    const account = await w.account(id);
    expect(account).toMatchObject({ quarantined: 4, remaining: 0, sum: 42 });
    expect(account.trained).toEqual({ '1': 36 });
    const told = w.engine.api.feed.snapshot().rooms.notices;
    expect(
      told.find(
        (notice) => notice.title === 'Training continues on a.jsonl without 4 quarantined rows',
      )?.body,
    ).toContain('Rows 27, 28, 29, 30 failed (template_error');
    expect(told.filter((notice) => notice.kind === 'dataset_failed')).toEqual([]);
  });

  test('the second time the dataset fails, and the next one is trained', async () => {
    w.setBehavior({ poisoned_rows: [10, 30] });
    await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 42));
    const id = a?.id ?? '';
    expect((await w.at(id, 'failed')).message).toContain('template_error');
    expect(await w.account(id)).toMatchObject({ quarantined: 8, sum: 42 });
    w.setBehavior({});
    await w.engine.api.queue.retry({ id });
    await w.at(id, 'completed');
    const retried = { trained: { '1': 32 }, quarantined: 8, remaining: 0, sum: 42 };
    expect(await w.account(id), 'after a retry').toMatchObject(retried);
    const [b] = await w.add(w.rows('b.jsonl', 42));
    await w.at(b?.id ?? '', 'completed');
  });

  test('a dataset that was skipped before rows were quarantined continues at its place too', async () => {
    w.setBehavior({ poisoned_rows: [30], step_seconds: 0.1 });
    await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 42));
    const id = a?.id ?? '';
    await until('two steps', () => (w.engine.api.status.get().current_step ?? 0) >= 2);
    await w.engine.api.training.skip({ by: 'test' });
    await w.at(id, 'skipped');
    await w.engine.api.queue.retry({ id });
    await w.at(id, 'completed');
    expect(w.json('data', 'datasets', id, 'pass.json')).toMatchObject({
      excluded_rows: [27, 28, 29, 30],
    });
    const once = { trained: { '1': 36 }, quarantined: 4, remaining: 0, sum: 42 };
    expect(await w.account(id)).toMatchObject(once);
  });

  test('in a fixed file every row is trained', async () => {
    w.setBehavior({ poisoned_rows: [3, 8] });
    await w.withBase();
    const [a] = await w.add(w.rows('a.jsonl', 42));
    const id = a?.id ?? '';
    await w.at(id, 'failed');
    expect(await w.account(id)).toMatchObject({ quarantined: 8 });
    w.setBehavior({});
    const file = path.join(w.folder, 'queue', 'failed', 'a.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('q a.jsonl 2', 'what was wrong'));
    await w.engine.api.queue.retry({ id });
    await w.at(id, 'completed');
    expect(await w.account(id)).toMatchObject({ trained: { '1': 40 }, quarantined: 0, sum: 42 });
  });
});

test('order: move between and inside priorities, hold, remove', async () => {
  const { api } = await w.start();
  const added = await w.add(w.rows('a.jsonl', 4), w.rows('b.jsonl', 4), w.rows('c.jsonl', 4));
  const [a, b, c] = added.map((dataset) => dataset.id) as [string, string, string];
  const order = () =>
    api.datasets
      .list()
      .filter((dataset) => dataset.place === 'queue')
      .map((dataset) => `${dataset.priority} ${dataset.name}`);
  expect(order()).toEqual(['normal a.jsonl', 'normal b.jsonl', 'normal c.jsonl']);
  await api.queue.move({ id: c, priority: 'normal', before: a });
  await api.queue.move({ id: b, priority: 'high', before: null });
  expect(order()).toEqual(['high b.jsonl', 'normal c.jsonl', 'normal a.jsonl']);
  expect(w.place('high')).toEqual(['b.jsonl']);
  await w.stop();
  await w.start();
  expect(w.engine.api.datasets.list().map((dataset) => dataset.name)).toEqual([
    'b.jsonl',
    'c.jsonl',
    'a.jsonl',
  ]);
  expect((await w.engine.api.queue.hold({ id: b, held: true })).verdict).toBe('held');
  await w.engine.api.queue.remove({ id: c });
  expect(w.dataset(c).place).toBe('skipped');
  await expect(w.engine.api.queue.remove({ id: c })).rejects.toMatchObject({ code: 'NOT_READY' });
  await expect(w.engine.api.queue.remove({ id: 'nobody' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

/** Faults of the machine hold the queue, say why, and end when they are fixed. */
import { utimesSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest({ watchdog: { restart_limit: 1, backoff_first_seconds: 1 } }, (workspace) => {
  w = workspace;
});

test('issue 10, 30: damaged checkpoints fail no dataset; training continues when they are repaired', async () => {
  const { api } = await w.withBase();
  const [done] = await w.add(w.rows('done.jsonl', 42));
  await w.at(done?.id ?? '', 'completed');
  const message = 'No checkpoint can be used (step 10: model.safetensors has changed)';
  w.setBehavior({ fail: { category: 'no_usable_checkpoint', message } });
  const files = ['a', 'b', 'c', 'd'].map((name) => w.rows(`${name}.jsonl`, 42));
  const added = await w.add(...files);
  const status = await until('on hold', () => {
    const now = api.status.get();
    return now.state === 'failed' ? now : null;
  });
  expect(status).toMatchObject({
    reason: expect.stringContaining(message),
    error: { type: 'no_usable_checkpoint' },
  });
  const notice = api.notices.list().find(({ kind }) => kind === 'gave_up');
  expect(notice?.body).toContain(message);
  const health = await api.health.run();
  expect(health.find(({ id }) => id === 'trainer')).toMatchObject({
    state: 'fail',
    evidence: expect.stringContaining(message),
  });
  expect(w.place('failed')).toEqual([]);
  // Nobody resumes: a change of the files is enough.
  w.setBehavior({});
  const checkpoints = path.join(w.folder, 'current_model/checkpoints/main');
  await new Promise((resolve) => setTimeout(resolve, 2500));
  utimesSync(path.join(checkpoints, 'step-00000010/manifest.json'), 1, 1);
  for (const { id } of added) await w.at(id, 'completed', 20);
  expect(api.status.get()).toMatchObject({ state: 'idle', error: null });
});

test('a crash of the machine that is repeated beyond the limit fails no dataset', async () => {
  w.setBehavior({ fail: { category: 'cuda_library_error', message: 'CUDNN_STATUS' } });
  const { api } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42), w.rows('b.jsonl', 42));
  await until('on hold', () => api.status.get().state === 'failed');
  expect(w.place('failed')).toEqual([]);
  w.setBehavior({});
  await api.training.resume({ by: 'test' });
  await w.at(a?.id ?? '', 'completed');
});

test('a fault without a known cause fails one dataset and holds the queue at the second', async () => {
  w.setBehavior({ fail: { category: 'unknown', message: 'the library is broken' } });
  const { api } = await w.withBase();
  const [a, b, c] = await w.add(...['a', 'b', 'c'].map((name) => w.rows(`${name}.jsonl`, 42)));
  await w.at(a?.id ?? '', 'failed');
  await until('on hold', () => api.status.get().state === 'failed');
  expect(api.status.get().reason).toMatch(/Two datasets in a row .*the library is broken/);
  expect(w.dataset(b?.id ?? '').place).toBe('processing');
  w.setBehavior({});
  await api.training.resume({ by: 'test' });
  await w.at(b?.id ?? '', 'completed');
  await w.at(c?.id ?? '', 'completed');
});

test('the notice of a wait ends when training runs again, not when the dataset is done', async () => {
  const message = 'Not enough disk space for a checkpoint';
  w.setBehavior({ fail: { category: 'disk_full', message } });
  const { api } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  const notice = () => api.notices.list().find(({ body }) => body.startsWith(message));
  await until('the notice', () => notice() ?? null);
  expect(notice()?.dismissed).toBe(false);
  w.setBehavior({ step_seconds: 1 });
  await until('training again', () => api.status.get().state === 'training' || null, 30);
  await until('the notice ends', () => notice()?.dismissed === true || null);
  expect(w.dataset(a?.id ?? '').place).toBe('processing');
});

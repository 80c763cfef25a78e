/** Versions on request: created, pinned, verified, deleted, with their messages; no weights are lost. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest({ save_steps: 4 }, (workspace) => {
  w = workspace;
});
const by = 'test';

test('the newest checkpoint becomes a version once, with its settings and parent', async () => {
  const { api } = await w.withBase();
  await expect(api.versions.create({ description: 'too early', by })).rejects.toMatchObject({
    code: 'NOT_READY',
    message: expect.stringContaining('no checkpoint') as string,
  });
  const [a] = await w.add(w.rows('a.jsonl', 42));
  await w.at(a?.id ?? '', 'completed');
  // The end of the dataset already is a version.
  await expect(api.versions.create({ description: 'again', by })).rejects.toMatchObject({
    code: 'NOT_READY',
    data: { subject: 'v001_a' },
  });
  w.setBehavior({ step_seconds: 0.1 });
  const [b] = await w.add(w.rows('b.jsonl', 80));
  await w.at(b?.id ?? '', 'processing');
  await until('steps of b', () => (api.status.get().current_step ?? 0) >= 12);
  await api.training.pause({ by });
  const made = await api.versions.create({ description: 'Before the Holidays!', by });
  expect(made).toMatchObject({
    name: 'v002_before-the-holidays',
    description: 'Before the Holidays!',
    how: 'manually',
    parent: 'v001_a',
    datasets: [{ id: b?.id, name: 'b.jsonl' }],
  });
  // Its step was not evaluated: the figures of the end of a are not its own.
  const [, first] = api.versions.list();
  expect(first).toMatchObject({ name: 'v001_a', evaluated_step: first?.step });
  expect(made).toMatchObject({
    validation_loss: null,
    gap: null,
    exact_match: null,
    evaluated_step: null,
  });
  expect(made.step).toBeGreaterThan(first?.step ?? made.step);
  expect(made.training_loss).toBeGreaterThan(0);
  expect(made.config).toMatchObject({ save_steps: 4, batch_size: 4 });
  expect(existsSync(path.join(made.folder, 'model.safetensors'))).toBe(true);
  expect(w.log).toEqual([]);
});

test('deleting needs the full name, reports the last copy, is refused while pinned, and keeps the weights in the trash', async () => {
  const { api } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  await w.at(a?.id ?? '', 'completed');
  const name = 'v001_a';
  const remove = (confirm: string | null, last_copy = false): Promise<unknown> =>
    api.versions.remove({ name, confirm, last_copy, by });
  await api.versions.pin({ name, pinned: true });
  await expect(remove(name, true)).rejects.toMatchObject({ code: 'LOCKED' });
  await api.versions.pin({ name, pinned: false });
  await expect(remove(null)).rejects.toMatchObject({
    code: 'NEEDS_CONFIRMATION',
    data: { facts: { confirm: name, last_copy: 'no' } },
  });
  await expect(remove('v001')).rejects.toMatchObject({ code: 'NEEDS_CONFIRMATION' });
  // Without the checkpoint of its step the version is the last copy.
  rmSync(path.join(w.folder, 'current_model/checkpoints/main'), { recursive: true });
  await expect(remove(name)).rejects.toMatchObject({
    code: 'NEEDS_CONFIRMATION',
    data: { facts: { last_copy: 'yes' } },
  });
  expect(await api.versions.get({ name })).toMatchObject({ last_copy: true, version: { name } });
  await remove(name, true);
  expect(api.versions.list()).toEqual([]);
  const trash = path.join(w.folder, 'models/versions/.trash');
  const [gone] = readdirSync(trash);
  expect(gone).toMatch(/^v001_a\.\d+$/);
  expect(existsSync(path.join(trash, gone ?? '', 'model.safetensors'))).toBe(true);
  expect((await api.journal.read({ limit: 5 }))[0]?.text).toContain('.trash/v001_a');
  await expect(remove(name, true)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('verify finds a damaged version', async () => {
  const { api } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  await w.at(a?.id ?? '', 'completed');
  expect(await api.versions.verify({ name: 'v001_a' })).toMatchObject({ ok: true, problem: null });
  const { folder } = api.versions.list()[0] ?? { folder: '' };
  rmSync(path.join(folder, 'model.safetensors'));
  writeFileSync(path.join(folder, 'model.safetensors'), 'other');
  const damaged = await api.versions.verify({ name: 'v001_a' });
  expect(damaged.ok).toBe(false);
  expect(damaged.problem).toContain('model.safetensors');
});

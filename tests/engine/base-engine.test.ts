/** A different base model: the trained model is kept, the next dataset starts a new lineage, and a restore returns to the old one. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest({ save_steps: 5 }, (workspace) => {
  w = workspace;
});
const by = 'test';
const patience = 90;
const models = (...parts: string[]): string => path.join(w.folder, 'models', ...parts);

/** A copy of the starter as a base model with different weights. */
function anotherBase(id: string, hash: string | null = `${id}-hash`): void {
  cpSync(models('starter'), models(id), { recursive: true });
  writeFileSync(models(id, 'model.safetensors'), id);
  const file = models(id, 'base.json');
  const facts = JSON.parse(readFileSync(file, 'utf8')) as { hash: string };
  writeFileSync(file, JSON.stringify({ ...facts, id, hash: hash ?? facts.hash }));
}
const set = (value: string, confirm: string | null = 'base_model', stage = false) =>
  w.engine.api.config.set({ key: 'base_model', value, confirm, stage, by });
const lineage = () => w.engine.api.lineage.get();
const chosen = (): string => w.engine.api.config.get().values.base_model;
const first = (branch: string): string =>
  readFileSync(
    path.join(
      w.folder,
      'current_model/checkpoints',
      branch,
      'step-00000000/model/model.safetensors',
    ),
    'utf8',
  );
async function train(name: string): Promise<string> {
  const [dataset] = await w.add(w.rows(name, 42));
  await w.at(dataset?.id ?? '', 'completed', patience);
  // The file moves first; the settings are unlocked when the pass is closed.
  const { config } = w.engine.api;
  await until('the pass to close', () => Object.keys(config.get().locks).length === 0, patience);
  return dataset?.id ?? '';
}

test('until something was trained the lineage follows the base model; after that the next dataset starts a new lineage', async () => {
  const { api } = await w.withBase();
  anotherBase('other');
  await expect(set('other', null)).rejects.toMatchObject({
    code: 'NEEDS_CONFIRMATION',
    message: expect.stringContaining('starts a new lineage') as string,
  });
  await set('other');
  await set('starter');
  const a = await train('a.jsonl');
  expect(lineage()).toMatchObject({ head: 'main', base: { id: 'starter' } });

  // Another name for the same weights is not a different base model.
  anotherBase('same', null);
  await set('same');
  const b = await train('b.jsonl');
  expect(lineage().head).toBe('main');
  await set('starter');
  await api.training.pause({ by });
  const [held] = await w.add(w.rows('held.jsonl', 42));
  await set('other');
  // Setting it changes nothing yet: the next dataset starts the lineage.
  expect(lineage()).toMatchObject({ head: 'main' });
  await api.training.resume({ by });
  await w.at(held?.id ?? '', 'completed', patience);
  expect(lineage()).toMatchObject({ head: 'branch-2', base: { id: 'other' }, restore: null });
  expect(lineage().branches).toMatchObject([
    { name: 'main', parent: null },
    { name: 'branch-2', parent: null, why: 'New lineage from other.' },
  ]);
  expect(first('branch-2')).toBe('other');
  const staged = 'current_model/checkpoints/branch-2/step-00000000/manifest.json';
  expect(w.json(staged)).toMatchObject({ parent: null, base: { id: 'other' } });
  await expect.poll(() => api.status.get()).toMatchObject({ branch: 'branch-2', current_step: 10 });
  const versions = api.versions.list();
  expect(
    versions.map((version) => [version.name, version.branch, version.step, version.parent]),
  ).toEqual([
    ['v003_held', 'branch-2', 10, null],
    ['v002_b', 'main', 20, 'v001_a'],
    ['v001_a', 'main', 10, null],
  ]);
  expect(api.backups.list()).toMatchObject([
    { type: 'pre-restore', branch: 'main', step: 20, reason: 'before "New lineage from other"' },
  ]);
  for (const id of [a, b]) {
    expect(w.dataset(id)).toMatchObject({ place: 'completed', done_steps: 0 });
    expect(w.dataset(id).message).toContain('10 steps of it are no longer in the model');
  }

  // A rollback returns to the old lineage; the setting follows.
  const source = { kind: 'rollback' } as const;
  const plan = await api.restore.plan({ source });
  expect(plan).toMatchObject({ to: { branch: 'main', step: 20 }, optimizer_state: 'restored' });
  await api.restore.carryOut({ source, plan: plan.id, queue_again: false, by });
  expect(chosen()).toBe('same');
  expect(lineage()).toMatchObject({ head: 'branch-3', base: { id: 'same' } });
  expect(w.dataset(a)).toMatchObject({ message: null, done_steps: 10 });
  await train('c.jsonl');
  expect(lineage().head).toBe('branch-3');
  expect(api.versions.list()[0]).toMatchObject({ branch: 'branch-3', step: 30, parent: 'v002_b' });
  const told = w.engine.rooms.journal.recent().map((room) => room.text);
  expect(told).toContainEqual(
    expect.stringMatching(
      /^base_model changed from "other" to "same": Roll back to step 20 of main\./,
    ),
  );
  expect(w.log).toEqual([]);
});

test('a base model staged during a pass applies to the next dataset; an unsaved step becomes a version', async () => {
  const { api } = await w.withBase();
  anotherBase('other');
  w.setBehavior({ step_seconds: 0.05 });
  const [a] = await w.add(w.rows('a.jsonl', 82));
  await until('a trains', () => (api.status.get().current_step ?? 0) >= 6, patience);
  await expect(set('other')).rejects.toMatchObject({ code: 'LOCKED' });
  await set('other', 'base_model', true);
  const [b] = await w.add(w.rows('b.jsonl', 42));
  await api.training.skip({ by });
  w.setBehavior({});
  await w.at(b?.id ?? '', 'completed', patience);
  expect(w.dataset(a?.id ?? '').place).toBe('skipped');
  expect(chosen()).toBe('other');
  expect(lineage()).toMatchObject({ head: 'branch-2', base: { id: 'other' } });
  const kept = api.versions.list().find((version) => version.branch === 'main');
  expect(kept).toMatchObject({ how: 'before a new lineage', description: 'before other' });
  expect(kept?.config?.base_model).toBe('starter');
  // Its cursor counted rows of another model: queued again, it starts at its first row.
  expect(existsSync(path.join(w.folder, 'data/datasets', a?.id ?? '', 'cursor.json'))).toBe(false);
  await api.queue.retry({ id: a?.id ?? '' });
  await w.at(a?.id ?? '', 'completed', patience);
  expect(w.dataset(a?.id ?? '')).toMatchObject({ done_steps: 20 });
  expect(lineage().head).toBe('branch-2');
});

test('a plan for a base model says what it will do; a missing base model is refused', async () => {
  const { api } = await w.withBase();
  anotherBase('other');
  const source = { kind: 'base', id: 'other' } as const;
  await expect(api.restore.plan({ source })).rejects.toMatchObject({ code: 'NOT_READY' });
  const a = await train('a.jsonl');
  for (const id of ['nowhere', '../models/other', ''])
    await expect(api.restore.plan({ source: { kind: 'base', id } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  const plan = await api.restore.plan({ source });
  expect(plan).toMatchObject({
    title: 'New lineage from other',
    from: { branch: 'main', step: 10 },
    to: { branch: 'branch-2', step: 0 },
    optimizer_state: 'fresh',
    datasets_leaving: [{ id: a, share: 'whole', steps: 10 }],
  });
  await api.restore.carryOut({ source, plan: plan.id, queue_again: true, by });
  expect(chosen()).toBe('other');
  await w.at(a, 'completed', patience);
  expect(w.dataset(a)).toMatchObject({ done_steps: 10 });
  expect(lineage()).toMatchObject({ head: 'branch-2', base: { id: 'other' } });
  // The same base model again is another lineage, not a return to the first one.
  const again = await api.restore.plan({ source: { kind: 'base', id: 'starter' } });
  expect(again.to).toMatchObject({ branch: 'branch-3', step: 0 });
});

test('a damaged or missing base model starts no lineage, and the reason is reported', async () => {
  const { api } = await w.withBase();
  anotherBase('other');
  await train('a.jsonl');
  writeFileSync(models('other', 'damaged'), '');
  const source = { kind: 'base', id: 'other' } as const;
  const plan = await api.restore.plan({ source });
  await expect(
    api.restore.carryOut({ source, plan: plan.id, queue_again: false, by }),
  ).rejects.toMatchObject({
    code: 'NOT_READY',
    message: expect.stringContaining('base model other is damaged') as string,
  });
  expect(lineage()).toMatchObject({ head: 'main', base: { id: 'starter' } });
  expect(chosen()).toBe('starter');
  w.configure({ save_steps: 5, base_model: 'nowhere' });
  await until('the reason', () => api.status.get().reason?.includes("base model nowhere can't"));
  w.configure({ save_steps: 5, base_model: 'starter' });
  await train('b.jsonl');
  expect(lineage().head).toBe('main');
});

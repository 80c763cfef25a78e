/** Restore through the whole engine, with a fake trainer that writes the same files but trains nothing. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type {
  RestorePlan,
  RestoreResult,
  RestoreSource,
  UndoneChoice,
} from '../../src-main/contract/index.ts';
import { RESTORE_PHASES } from '../../src-main/formats/index.ts';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest({ save_steps: 5 }, (workspace) => {
  w = workspace;
});
const by = 'test';
const patience = 90;

const plan = (source: RestoreSource): Promise<RestorePlan> => w.engine.api.restore.plan({ source });
async function restore(source: RestoreSource, queue_again = false): Promise<RestoreResult> {
  return w.engine.api.restore.carryOut({
    source,
    plan: (await plan(source)).id,
    queue_again,
    by,
  });
}
const branches = (): readonly string[] =>
  readdirSync(path.join(w.folder, 'current_model/checkpoints')).sort();
const weights = (branch: string, step: number): string =>
  readFileSync(
    path.join(
      w.folder,
      'current_model/checkpoints',
      branch,
      `step-${String(step).padStart(8, '0')}`,
      'model/model.safetensors',
    ),
    'utf8',
  );

/** a: steps 1–10, b: steps 11–20, both completed; c begins and is at about step 25 of 140. */
async function story(): Promise<{ a: string; b: string; c: string }> {
  const { api } = await w.withBase();
  const [a, b] = await w.add(w.rows('a.jsonl', 42), w.rows('b.jsonl', 42));
  await w.at(b?.id ?? '', 'completed', patience);
  w.setBehavior({ step_seconds: 0.05 });
  const [c] = await w.add(w.rows('c.jsonl', 482));
  await until('c trains', () => (api.status.get().current_step ?? 0) >= 24, patience);
  return { a: a?.id ?? '', b: b?.id ?? '', c: c?.id ?? '' };
}
const trained = async (id: string): Promise<number> => {
  const account = await w.account(id);
  expect(account.sum).toBe(account.rows);
  return Object.values(account.trained).reduce((sum, value) => sum + value, 0);
};

/** Pauses and returns the step of the pause; the status follows later. */
async function pausedStep(): Promise<number> {
  await w.engine.api.training.pause({ by });
  return until('the heartbeat of the pause', () => {
    const { heartbeat } = w.engine.rooms.trainer.view();
    return heartbeat?.phase === 'paused' ? heartbeat.step : null;
  });
}

test('a version is restored during training: removed datasets can be queued again, training continues automatically, every row adds up', async () => {
  const { a, b, c } = await story();
  const source = { kind: 'version', name: 'v001_a' } as const;
  const seen = await plan(source);
  expect(seen).toMatchObject({
    title: 'Restore v001_a',
    to: { branch: 'main', step: 10 },
    new_branch: 'branch-2',
    optimizer_state: 'restored',
    datasets_leaving: [
      { id: b, share: 'whole', steps: 10, can_queue: true },
      { id: c, share: 'whole', can_queue: true },
    ],
  });
  expect(seen.phases.map((action) => action.phase)).toEqual(RESTORE_PHASES);
  w.setBehavior({});
  const done = await restore(source);
  expect(done).toMatchObject({
    from: { branch: 'main' },
    to: { branch: 'main', step: 10 },
    branch: 'branch-2',
    optimizer_state: 'restored',
    queued_again: [],
  });
  expect(done.backup).toMatch(/^pre-restore\//);
  expect(weights('branch-2', 10)).toBe(weights('main', 10));
  // c was in training: it waits, held. Released, it starts over on the new branch.
  const { api } = w.engine;
  expect(w.dataset(c)).toMatchObject({ place: 'queue', held: true, verdict: 'held' });
  expect(api.queue.state().queue.desired_state).toBe('running');
  await api.queue.hold({ id: c, held: false });
  await w.at(c, 'completed', patience);
  const lineage = api.lineage.get();
  expect(lineage).toMatchObject({ head: 'branch-2', restore: null });
  expect(lineage.branches).toMatchObject([
    { name: 'main', parent: null },
    { name: 'branch-2', parent: { branch: 'main', step: 10 }, why: 'Restore v001_a.' },
  ]);
  const at = (branch: string, step: number): boolean | undefined =>
    lineage.checkpoints.find(
      (checkpoint) => checkpoint.branch === branch && checkpoint.step === step,
    )?.in_ancestry;
  expect([at('main', 10), at('main', 20), at('branch-2', 10)]).toEqual([true, false, true]);
  expect(await trained(a)).toBe(40);
  expect(await trained(b)).toBe(0);
  expect(await trained(c)).toBe(480);
  expect(w.dataset(b)).toMatchObject({ place: 'completed', done_steps: 0 });
  expect(w.dataset(b).message).toContain('10 steps of it are no longer in the model');
  await expect
    .poll(() => api.status.get())
    .toMatchObject({ branch: 'branch-2', current_step: 130 });
  // c began again at its first row: 120 steps of 4 rows, after step 10.
  const curve = api.metrics.curves({
    keys: ['loss'],
    from: null,
    to: null,
    buckets: 500,
    smoothing: 0,
  });
  expect(curve.branch).toBe('branch-2');
  expect(curve.markers.filter((marker) => marker.kind === 'branch')).toMatchObject([
    { step: 10, label: 'branch-2' },
  ]);
  const versions = api.versions.list();
  expect(versions[0]).toMatchObject({ branch: 'branch-2', parent: 'v001_a' });
  await expect
    .poll(() => api.feed.snapshot().rooms.notices.map((notice) => notice.title))
    .toContain('Restore v001_a: done');
  expect(w.log).toEqual([]);
});

test('a restore into the open pass continues that pass, also after a restart', async () => {
  const { c } = await story();
  const { api } = w.engine;
  await api.training.pause({ by });
  const mid = api.lineage
    .get()
    .checkpoints.find((checkpoint) => checkpoint.step === 25 && checkpoint.branch === 'main');
  expect(mid).toMatchObject({ complete: false, dataset: { id: c } });
  const source = { kind: 'checkpoint', branch: 'main', step: 25 } as const;
  expect((await plan(source)).phases.at(-1)?.text).toContain('Training resumes mid-dataset');
  await restore(source);
  expect(w.dataset(c).place).toBe('processing');
  expect(api.queue.state().queue.desired_state).toBe('paused');
  await w.stop();
  w.setBehavior({});
  await w.start();
  expect(w.engine.api.lineage.get().head).toBe('branch-2');
  await w.engine.api.training.resume({ by });
  await w.at(c, 'completed', patience);
  expect(await trained(c)).toBe(480);
  await expect.poll(() => w.engine.api.status.get().current_step).toBe(140);
  expect(branches()).toEqual(['branch-2', 'main']);
});

test('a rollback undoes a restore on a third branch, and the datasets are in the model again', async () => {
  const { b, c } = await story();
  const { api } = w.engine;
  const before = await pausedStep();
  const inC = await trained(c);
  await restore({ kind: 'version', name: 'v001_a' });
  expect([await trained(b), await trained(c)]).toEqual([0, 0]);
  const back = await restore({ kind: 'rollback' });
  expect(back).toMatchObject({ branch: 'branch-3', to: { branch: 'main', step: before } });
  expect([await trained(b), await trained(c)]).toEqual([40, inC]);
  expect(w.dataset(b)).toMatchObject({ message: null, done_steps: 10 });
  expect(api.lineage.get().head).toBe('branch-3');
  // A second rollback returns to the restore.
  await expect(plan({ kind: 'rollback' })).resolves.toMatchObject({
    to: { branch: 'branch-2', step: 10 },
  });
});

test('undoing a dataset restores the point before its first step and queues the dataset first', async () => {
  const { a, b, c } = await story();
  const { api } = w.engine;
  await api.training.pause({ by });
  const source = { kind: 'undo_dataset', dataset: b } as const;
  expect(await plan(source)).toMatchObject({
    title: 'Undo b.jsonl',
    to: { branch: 'main', step: 10 },
  });
  const done = await restore(source, true);
  expect(done.queued_again).toEqual(['b.jsonl', 'c.jsonl']);
  expect(
    api.queue
      .state()
      .datasets.filter((dataset) => dataset.place === 'queue')
      .map((dataset) => dataset.id),
  ).toEqual([b, c]);
  // The first dataset: back to the base model, on a branch that starts at step 0.
  const first = await restore({ kind: 'undo_dataset', dataset: a }, true);
  expect(first).toMatchObject({ to: { branch: 'main', step: 0 }, optimizer_state: 'fresh' });
  expect(weights('branch-3', 0)).toBe('base');
  w.setBehavior({});
  await api.training.resume({ by });
  await w.at(c, 'completed', patience);
  expect([await trained(a), await trained(b), await trained(c)]).toEqual([40, 40, 480]);
  await expect.poll(() => api.status.get().current_step).toBe(140);
});

test('undone datasets are held, skipped or queued again, as was chosen', async () => {
  const { b, c } = await story();
  const { api } = w.engine;
  const carryOut = async (undone?: UndoneChoice): Promise<RestoreResult> => {
    const source = { kind: 'undo_dataset', dataset: b } as const;
    const { id } = await plan(source);
    return api.restore.carryOut({ source, plan: id, queue_again: false, undone, by });
  };
  await carryOut();
  for (const id of [b, c]) expect(w.dataset(id)).toMatchObject({ place: 'queue', held: true });
  expect(api.status.get().trainer.alive).toBe(false);
  await restore({ kind: 'rollback' });
  await carryOut('skip');
  for (const id of [b, c]) expect(w.dataset(id)).toMatchObject({ place: 'skipped' });
  await restore({ kind: 'rollback' });
  expect((await carryOut('queue')).queued_again).toEqual(['b.jsonl', 'c.jsonl']);
});

test('restored and rolled back, a half-trained dataset continues at its row, whatever happened between', async () => {
  const { c } = await story();
  const { api } = w.engine;
  await api.training.pause({ by });
  const half = await trained(c);
  await restore({ kind: 'version', name: 'v001_a' }, true);
  w.setBehavior({});
  await api.training.resume({ by });
  // Trained as a whole on the branch that is left again.
  await w.at(c, 'completed', patience);
  await restore({ kind: 'rollback' });
  expect(await trained(c)).toBe(half);
  expect(w.dataset(c).done_steps).toBe(half / 4);
  await api.queue.retry({ id: c });
  const done = await w.at(c, 'completed', patience);
  expect(done).toMatchObject({ done_steps: 120, planned_steps: 120 });
  expect(await w.account(c)).toMatchObject({ trained: { '1': 480 } });
});

test('settings follow a restore, unless the present ones are kept', async () => {
  await story();
  const { api } = w.engine;
  await api.training.stop({ now: true, by });
  await api.training.skip({ by });
  const set = (value: number) =>
    api.config.set({ key: 'learning_rate', value, confirm: null, stage: false, by });
  const rate = () => api.config.get().values.learning_rate;
  const before = rate();
  await set(before * 2);
  const source = { kind: 'version', name: 'v001_a' } as const;
  const { id, settings } = await plan(source);
  expect(settings).toEqual([{ key: 'learning_rate', now: before * 2, then: before }]);
  const choices = { source, queue_again: false, by };
  await api.restore.carryOut({ ...choices, plan: id, keep_settings: true });
  expect(rate()).toBe(before * 2);
  await api.restore.carryOut({ ...choices, plan: (await plan(source)).id });
  expect(rate()).toBe(before);
  expect((await plan(source)).settings).toEqual([]);
});

test('a changed plan, a damaged source and a full disk are refused and leave the model unchanged', async () => {
  const { a } = await story();
  const { api } = w.engine;
  await api.training.pause({ by });
  const source = { kind: 'version', name: 'v002_b' } as const;
  const seen = await plan(source);
  const go = (id: string): Promise<RestoreResult> =>
    api.restore.carryOut({ source, plan: id, queue_again: false, by });
  await expect(go('0000000000000000')).rejects.toMatchObject({
    code: 'NOT_READY',
    data: { facts: { plan: seen.id } },
  });
  await expect(plan({ kind: 'version', name: 'v009_x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await expect(plan({ kind: 'checkpoint', branch: 'main', step: 3 })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  const { folder } = api.versions.list()[0] ?? { folder: '' };
  rmSync(path.join(folder, 'model.safetensors'));
  writeFileSync(path.join(folder, 'model.safetensors'), 'weights 21');
  await expect(go(seen.id)).rejects.toMatchObject({
    code: 'NOT_READY',
    message: expect.stringContaining('v002_b is damaged') as string,
  });
  w.setBehavior({ fail_stage: true });
  const other = { kind: 'version', name: 'v001_a' } as const;
  await expect(restore(other)).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(api.lineage.get()).toMatchObject({
    head: 'main',
    restore: { title: 'Restore v001_a', phase: 'stage', state: 'failed' },
  });
  expect(branches()).toEqual(['main']);
  expect(existsSync(path.join(w.folder, 'current_model/restore.json'))).toBe(false);
  w.setBehavior({});
  await restore(other);
  expect(api.lineage.get()).toMatchObject({ head: 'branch-2', restore: null });
  expect(await trained(a)).toBe(40);
});

test('a damaged checkpoint has no usable optimizer state: the next plan resets it, with a new warmup', async () => {
  await story();
  const { api } = w.engine;
  await api.training.pause({ by });
  const source = { kind: 'version', name: 'v002_b' } as const;
  writeFileSync(
    path.join(w.folder, 'current_model/checkpoints/main/step-00000020/damaged'),
    'a wrong hash',
  );
  expect((await plan(source)).optimizer_state).toBe('restored');
  await expect(restore(source)).rejects.toMatchObject({
    message: expect.stringContaining("optimizer state can't be restored") as string,
  });
  expect(await plan(source)).toMatchObject({ optimizer_state: 'fresh', warmup_steps: 100 });
  expect(await restore(source)).toMatchObject({ optimizer_state: 'fresh', branch: 'branch-2' });
});

test('the previous model is restored from the backup that a restore made', async () => {
  const { c } = await story();
  const step = await pausedStep();
  const inC = await trained(c);
  const { backup } = await restore({ kind: 'version', name: 'v001_a' });
  rmSync(path.join(w.folder, 'current_model/checkpoints/main'), { recursive: true });
  const done = await restore({ kind: 'backup', id: backup ?? '' });
  expect(done).toMatchObject({ to: { branch: 'main', step }, optimizer_state: 'restored' });
  expect(await trained(c)).toBe(inC);
});

test('a cleanup does not remove the backup that is being restored', async () => {
  const { a } = await story();
  const { api } = w.engine;
  await api.training.pause({ by });
  const { backup } = await restore({ kind: 'version', name: 'v001_a' });
  if (backup === null) throw new Error('no backup was made');
  w.setBehavior({ stage_seconds: 1.5 });
  const restoring = restore({ kind: 'backup', id: backup });
  // By then the backup made by this restore is the newest of its type, so only its use protects the older one.
  await until('the stage', () => api.lineage.get().restore?.phase === 'stage', patience);
  const cleaned = await api.backups.cleanup({
    retention_days: 0,
    last_copies: true,
    execute: true,
    by,
  });
  expect(cleaned.keeps).toContainEqual(expect.objectContaining({ id: backup, why: 'in use' }));
  expect(await restoring).toMatchObject({ optimizer_state: 'restored' });
  expect(api.backups.list().map((backup) => backup.id)).toContain(backup);
  // Afterwards it is no longer in use.
  const after = await api.backups.cleanup({
    retention_days: 0,
    last_copies: true,
    execute: true,
    by,
  });
  expect(after.removes.map((removal) => removal.id)).toContain(backup);
  expect((await w.account(a)).sum).toBe((await w.account(a)).rows);
});

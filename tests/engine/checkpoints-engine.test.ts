/** Checkpoints in a running engine: what the next start would resume from, cleanup, and the daily version. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { dayOf, lastDue } from '../../src-main/engine/versions/daily.ts';
import { systemClock } from '../../src-main/kit/clock.ts';
import { type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest({ save_steps: 4 }, (workspace) => {
  w = workspace;
});
const by = 'test';
const branch = (): string => path.join(w.folder, 'current_model/checkpoints/main');

test('verify reports the step, the file and what was skipped, or that nothing is saved', async () => {
  const { api } = await w.withBase();
  expect(await api.checkpoints.verify({ branch: null })).toMatchObject({
    text: 'no checkpoints on branch main; training would start from the base model',
    resumes: null,
    mismatch: null,
  });
  const [a] = await w.add(w.rows('a.jsonl', 42));
  await w.at(a?.id ?? '', 'completed');
  const all = await w.engine.rooms.checkpoints.ofHead();
  const [first, second] = all;
  expect(await api.checkpoints.verify({ branch: 'main' })).toMatchObject({
    text: `would resume at step ${String(first?.step)} of branch main from ${first?.folder ?? ''}`,
    resumes: { branch: 'main', step: first?.step, dataset: 'a.jsonl' },
    skipped: [],
    mismatch: null,
  });
  writeFileSync(path.join(first?.folder ?? '', 'damaged'), '');
  expect(await api.checkpoints.verify({ branch: null })).toMatchObject({
    text: `would resume at step ${String(second?.step)} of branch main from ${second?.folder ?? ''}; 1 skipped because step ${String(first?.step)}: marked as damaged`,
    skipped: [{ step: first?.step, branch: 'main' }],
  });
  // The second one is inside the pass, and the file of its dataset has changed.
  writeFileSync(path.join(w.folder, 'queue/completed/a.jsonl'), 'changed');
  expect((await api.checkpoints.verify({ branch: null })).mismatch).toBe(
    'a.jsonl was modified while it was being trained',
  );
  await expect(api.checkpoints.verify({ branch: '../main' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  expect(w.log).toEqual([]);
});

test('cleanup shows a plan first, is BUSY during training, and keeps the last verified checkpoint', async () => {
  const { api } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 90));
  await w.at(a?.id ?? '', 'completed');
  const before = (await w.engine.rooms.checkpoints.ofHead()).map((checkpoint) => checkpoint.step);
  expect(before.length).toBeGreaterThan(3);
  const plan = await api.checkpoints.cleanup({ keep: 2, execute: false, by });
  expect(plan.removes.map((removal) => removal.step)).toEqual(before.slice(2));
  expect(plan.freed_bytes).toBeGreaterThan(0);
  expect(readdirSync(branch())).toHaveLength(before.length);
  // The newest fails verification, so it is not counted.
  const newest = (await w.engine.rooms.checkpoints.ofHead())[0];
  writeFileSync(path.join(newest?.folder ?? '', 'damaged'), '');
  const done = await api.checkpoints.cleanup({ keep: 1, execute: true, by });
  expect(done).toMatchObject({ executed: true });
  expect((await w.engine.rooms.checkpoints.ofHead()).map((checkpoint) => checkpoint.step)).toEqual(
    before.slice(0, 2),
  );
  expect(readdirSync(branch()).filter((name) => name.startsWith('.'))).toEqual([]);
  // The version's weights are hard links, so they survive the removal of their checkpoint.
  expect(await api.versions.verify({ name: 'v001_a' })).toMatchObject({ ok: true });

  w.setBehavior({ step_seconds: 0.1 });
  const [b] = await w.add(w.rows('b.jsonl', 200));
  await w.at(b?.id ?? '', 'processing');
  for (const execute of [false, true])
    await expect(api.checkpoints.cleanup({ keep: 1, execute, by })).rejects.toMatchObject({
      code: 'BUSY',
    });
});

test('the checkpoint of a planned restore is leased: no cleanup removes it before the lease expires', async () => {
  let ahead = 0;
  w.clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const { api } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 90));
  await w.at(a?.id ?? '', 'completed');
  const steps = (await w.engine.rooms.checkpoints.ofHead()).map((checkpoint) => checkpoint.step);
  expect(steps.length).toBeGreaterThan(2);
  const oldest = steps.at(-1) ?? 0;
  const source = { kind: 'checkpoint', branch: 'main', step: oldest } as const;
  const planned = await api.restore.plan({ source });
  // The trainer's rotation reads the same file.
  const leases = path.join(w.folder, 'current_model/held.json');
  const { held } = JSON.parse(readFileSync(leases, 'utf8')) as { held: { until: number }[] };
  expect(held).toEqual([{ branch: 'main', step: oldest, until: expect.any(Number) as number }]);
  expect(held[0]?.until).toBeGreaterThan(systemClock.now() + 800);
  const clean = (keep: number) => api.checkpoints.cleanup({ keep, execute: true, by });
  expect((await clean(1)).keeps).toContainEqual(
    expect.objectContaining({ step: oldest, why: 'a restore to it is being planned' }),
  );
  expect((await api.restore.plan({ source })).id).toBe(planned.id);
  ahead += 901;
  expect((await clean(1)).removes).toMatchObject([{ step: oldest }]);
  await expect(api.restore.plan({ source })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: `There is no complete checkpoint of step ${String(oldest)} of main.`,
    data: {
      next: expect.stringContaining(
        `The nearest checkpoint is step ${String(steps[0])} of main.`,
      ) as string,
    },
  });
  expect(w.log).toEqual([]);
});

test('a damaged checkpoint does not become a version', async () => {
  const { api, rooms } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  await w.at(a?.id ?? '', 'completed');
  await api.versions.remove({ name: 'v001_a', confirm: 'v001_a', last_copy: true, by });
  const [newest] = await rooms.checkpoints.ofHead();
  writeFileSync(path.join(newest?.folder ?? '', 'damaged'), '');
  await expect(api.versions.create({ description: 'x', by })).rejects.toMatchObject({
    code: 'NOT_READY',
    message: `Checkpoint ${String(newest?.step)} is damaged: marked as damaged.`,
  });
  expect(api.versions.list()).toEqual([]);
  expect(existsSync(path.join(w.folder, 'models/versions/v002_x'))).toBe(false);
});

test('the daily version is created once, late after a sleep, and not again after a restart', async () => {
  let ahead = 0;
  const checks: (() => void | Promise<void>)[] = [];
  const now = (): number => systemClock.now() + ahead;
  w.clock = {
    ...systemClock,
    now,
    every(seconds, check) {
      if (seconds === 30) checks.push(check);
      return systemClock.every(seconds, check);
    },
  };
  const runChecks = async (): Promise<void> => {
    for (const check of checks) await check();
  };
  const today = (): string => dayOf(lastDue(now(), '03:00') ?? 0);
  const { api } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  await w.at(a?.id ?? '', 'completed');
  await runChecks();
  // Four days asleep. A version already has the step: nothing is created, which is reported once.
  ahead += 4 * 86_400;
  await runChecks();
  await runChecks();
  const reports = async (): Promise<string[]> =>
    (await w.engine.api.journal.read({ limit: 1000 }))
      .filter((entry) => entry.what === 'versions.daily')
      .map((entry) => entry.text);
  const skipped = `No daily version for ${today()}: Step 10 is already saved as v001_a.`;
  expect(await reports()).toEqual([skipped]);
  await api.versions.remove({ name: 'v001_a', confirm: 'v001_a', last_copy: true, by });
  await runChecks();
  expect(api.versions.list()).toEqual([]);
  ahead += 86_400;
  await runChecks();
  await runChecks();
  const [made, ...rest] = api.versions.list();
  expect(rest).toEqual([]);
  expect(made).toMatchObject({
    description: `daily ${today()}`,
    how: 'automatically, daily',
    step: 10,
  });
  const created = `Created daily version ${made?.name ?? ''} for ${today()}.`;
  expect(await reports()).toEqual([created, skipped]);
  await w.stop();
  rmSync(made?.folder ?? '', { recursive: true });
  checks.length = 0;
  await w.start();
  await runChecks();
  expect(w.engine.api.versions.list()).toEqual([]);
  expect(await reports()).toEqual([created, skipped]);
});

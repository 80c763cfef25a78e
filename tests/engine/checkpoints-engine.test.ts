/** Checkpoints by a running engine: what the next start would resume from, the cleanup, and the version of the day. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dayOf, lastDue } from '../../src-main/engine/versions/daily.ts';
import { systemClock } from '../../src-main/kit/clock.ts';
import { Workspace } from './fixtures/workspace.ts';

let w: Workspace;
beforeEach(() => {
  w = new Workspace();
  w.configure({ save_steps: 4 });
});
afterEach(() => w.end());
const by = 'test';
const branch = (): string => path.join(w.folder, 'current_model/checkpoints/main');

test('verify names the step, the file and what was skipped; without anything saved it says so', async () => {
  const { api } = await w.withBase();
  expect(await api.checkpoints.verify({ branch: null })).toMatchObject({
    text: 'nothing is saved on main; training would begin from the base',
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
  // The second one stands inside the pass; its dataset's file is another one by now.
  writeFileSync(path.join(w.folder, 'queue/completed/a.jsonl'), 'changed');
  expect((await api.checkpoints.verify({ branch: null })).mismatch).toBe(
    'a.jsonl was modified while it was being trained',
  );
  await expect(api.checkpoints.verify({ branch: '../main' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  expect(w.log).toEqual([]);
});

test('cleanup: a plan first, BUSY while a trainer runs, and the last one that verifies stays', async () => {
  const { api } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 90));
  await w.at(a?.id ?? '', 'completed');
  const before = (await w.engine.rooms.checkpoints.ofHead()).map((checkpoint) => checkpoint.step);
  expect(before.length).toBeGreaterThan(3);
  const plan = await api.checkpoints.cleanup({ keep: 2, execute: false, by });
  expect(plan.removes.map((removal) => removal.step)).toEqual(before.slice(2));
  expect(plan.freed_bytes).toBeGreaterThan(0);
  expect(readdirSync(branch())).toHaveLength(before.length);
  // The newest does not verify: it stays out of the count.
  const newest = (await w.engine.rooms.checkpoints.ofHead())[0];
  writeFileSync(path.join(newest?.folder ?? '', 'damaged'), '');
  const done = await api.checkpoints.cleanup({ keep: 1, execute: true, by });
  expect(done).toMatchObject({ executed: true });
  expect((await w.engine.rooms.checkpoints.ofHead()).map((checkpoint) => checkpoint.step)).toEqual(
    before.slice(0, 2),
  );
  expect(readdirSync(branch()).filter((name) => name.startsWith('.'))).toEqual([]);
  // The weights of the version are links to a removed checkpoint or to one that stays: they are still there.
  expect(await api.versions.verify({ name: 'v001_a' })).toMatchObject({ ok: true });

  w.manners({ step_seconds: 0.1 });
  const [b] = await w.add(w.rows('b.jsonl', 200));
  await w.at(b?.id ?? '', 'processing');
  for (const execute of [false, true])
    await expect(api.checkpoints.cleanup({ keep: 1, execute, by })).rejects.toMatchObject({
      code: 'BUSY',
    });
});

test('what a restore is planned to stays for a while, whoever cleans up; then it goes by the rule', async () => {
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
  // The trainer's ring reads the same note.
  const note = path.join(w.folder, 'current_model/held.json');
  const { held } = JSON.parse(readFileSync(note, 'utf8')) as { held: { until: number }[] };
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

test('no version is made of a checkpoint that does not verify', async () => {
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

test('the version of the day is made once, late after a sleep, and not again after a restart', async () => {
  let ahead = 0;
  const looks: (() => void | Promise<void>)[] = [];
  const now = (): number => systemClock.now() + ahead;
  w.clock = {
    ...systemClock,
    now,
    every(seconds, look) {
      if (seconds === 30) looks.push(look);
      return systemClock.every(seconds, look);
    },
  };
  const look = async (): Promise<void> => {
    for (const look of looks) await look();
  };
  const today = (): string => dayOf(lastDue(now(), '03:00') ?? 0);
  const { api } = await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  await w.at(a?.id ?? '', 'completed');
  await look();
  // Four days asleep. The step is kept already: nothing is made, and that is said once.
  ahead += 4 * 86_400;
  await look();
  await look();
  const said = async (): Promise<string[]> =>
    (await w.engine.api.journal.read({ limit: 1000 }))
      .filter((entry) => entry.what === 'versions.daily')
      .map((entry) => entry.text);
  const kept = `No daily version for ${today()}: Step 10 is already saved as v001_a.`;
  expect(await said()).toEqual([kept]);
  await api.versions.remove({ name: 'v001_a', confirm: 'v001_a', last_copy: true, by });
  await look();
  expect(api.versions.list()).toEqual([]);
  ahead += 86_400;
  await look();
  await look();
  const [made, ...rest] = api.versions.list();
  expect(rest).toEqual([]);
  expect(made).toMatchObject({
    description: `daily ${today()}`,
    how: 'automatically, daily',
    step: 10,
  });
  const told = `Created daily version ${made?.name ?? ''} for ${today()}.`;
  expect(await said()).toEqual([told, kept]);
  await w.stop();
  rmSync(made?.folder ?? '', { recursive: true });
  looks.length = 0;
  await w.start();
  await look();
  expect(w.engine.api.versions.list()).toEqual([]);
  expect(await said()).toEqual([told, kept]);
});

/** The lineage and the base model that it follows: how it starts, how a branch becomes the head, what clients see. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configSchema } from '../../src-main/contract/index.ts';
import { createBaseModels } from '../../src-main/engine/base-models/index.ts';
import { createJournal } from '../../src-main/engine/journal/index.ts';
import {
  createLineage,
  describeLineage,
  type LineageRoom,
} from '../../src-main/engine/lineage/index.ts';
import { nextBranchName } from '../../src-main/formats/lineage.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { systemClock } from '../../src-main/kit/index.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nightshift-lineage-'));
  for (const id of ['first', 'second']) {
    mkdirSync(path.join(root, 'models', id), { recursive: true });
    writeFileSync(
      path.join(root, 'models', id, 'base.json'),
      JSON.stringify({ format: 1, id, label: `the ${id}`, hash: `h-${id}`, parameters: 1000 }),
    );
  }
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

async function rooms(
  baseModel: string,
  hasCheckpoint = false,
  wrap: (lineage: LineageRoom) => LineageRoom = (real) => real,
) {
  const paths = workspacePaths(root);
  const journal = createJournal({ paths, clock: systemClock });
  const lineage = await createLineage({ paths, journal, clock: systemClock });
  let values = configSchema.parse({ base_model: baseModel });
  const baseModels = await createBaseModels({
    paths,
    config: { values: () => values },
    lineage: wrap(lineage),
    checkpoints: {
      newest: () => Promise.resolve(null),
      hasAny: () => Promise.resolve(hasCheckpoint),
    },
  });
  const set = (base_model: string): void => {
    values = configSchema.parse({ base_model });
  };
  return { lineage, baseModels, journal, set };
}
const onDisk = () =>
  JSON.parse(readFileSync(workspacePaths(root).lineage, 'utf8')) as {
    branch: string;
    base: { id: string };
  };

test('without a base model there is no lineage, and the reason is reported', async () => {
  const { lineage, baseModels } = await rooms('');
  expect(lineage.current()).toBeNull();
  expect(baseModels.missingReason()).toBe('no base model is selected');
  await expect(lineage.nextBranch()).rejects.toMatchObject({ code: 'NOT_READY' });
  const other = await rooms('nowhere');
  expect(other.baseModels.missingReason()).toBe(
    `base model nowhere can't be read (${path.join(root, 'models/nowhere')})`,
  );
});

test('until something was trained the lineage follows the selected base model', async () => {
  const { lineage, baseModels, journal, set } = await rooms('first');
  expect(lineage.current()).toMatchObject({ branch: 'main', base: { id: 'first' } });
  expect(journal.recent()[0]?.text).toBe('Starting from base model first.');
  set('second');
  await baseModels.refresh();
  expect(onDisk().base.id).toBe('second');
  expect(baseModels.mismatch()).toBeNull();
  expect(await baseModels.checkpointBytes()).toBe(12_000 + 16 * 1024 * 1024);
});

test('a selection while the lineage of the one before is still being written wins', async () => {
  const begun = Promise.withResolvers<undefined>();
  const write = Promise.withResolvers<undefined>();
  const { lineage, baseModels, set } = await rooms('first', false, (real) => ({
    ...real,
    start: async (base, method) => {
      if (base.id === 'second') {
        begun.resolve(undefined);
        await write.promise;
      }
      await real.start(base, method);
    },
  }));
  set('second');
  const second = baseModels.refresh();
  await begun.promise;
  set('first');
  const first = baseModels.refresh();
  write.resolve(undefined);
  await Promise.all([second, first]);
  expect(lineage.current()?.base.id).toBe('first');
  expect(onDisk().base.id).toBe('first');
  expect(baseModels.mismatch()).toBeNull();
});

test('changes of the lineage that start together do not undo each other', async () => {
  const { lineage } = await rooms('first');
  const entry = { name: 'branch-2', parent: null, left: null, opened: 5, why: 'Restore v001_a.' };
  await Promise.all([
    lineage.openBranch(entry, 10, { id: 'first', hash: 'h-first' }),
    lineage.setHead(12),
  ]);
  expect(lineage.current()).toMatchObject({ branch: 'branch-2', head: 12 });
  expect(onDisk().branch).toBe('branch-2');
});

test('a lineage with checkpoints is kept when another base model is selected', async () => {
  await rooms('first');
  const { lineage, baseModels } = await rooms('second', true);
  expect(lineage.current()?.base.id).toBe('first');
  expect(baseModels.mismatch()).toBe('base_model is second, but the model started from first.');
});

test('opening a branch makes it the head on disk; its ancestry ends at the restored point', async () => {
  const { lineage } = await rooms('first');
  const entry = {
    name: await lineage.nextBranch(),
    parent: { branch: 'main', step: 10 },
    left: { branch: 'main', step: 30 },
    opened: 5,
    why: 'Restore v001_a.',
  };
  await lineage.openBranch(entry, 10, { id: 'first', hash: 'h-first' });
  expect(onDisk().branch).toBe('branch-2');
  expect(await lineage.reload()).toBe('branch-2');
  expect(lineage.ancestry()).toMatchObject([
    { branch: 'main', upto: 10 },
    { branch: 'branch-2', upto: null },
  ]);
  expect(lineage.branchNames()).toEqual(['main', 'branch-2']);
});

test('a file from a newer version of the program is refused', async () => {
  mkdirSync(path.join(root, 'current_model'));
  writeFileSync(workspacePaths(root).lineage, JSON.stringify({ format: 2 }));
  await expect(rooms('first')).rejects.toMatchObject({ code: 'NOT_READY' });
});

test('a branch name is above every number ever used, folders included', () => {
  const branches = ['main', 'branch-3'].map((name) => ({
    name,
    parent: null,
    left: null,
    opened: 0,
    why: '',
  }));
  expect(nextBranchName({ branches }, [])).toBe('branch-4');
  expect(nextBranchName({ branches }, ['branch-7', '.branch-9.1.partial'])).toBe('branch-8');
});

test('clients see every checkpoint newest first, and the newest saved step of each branch', () => {
  const checkpoint = (branch: string, step: number, created: number) => ({
    branch,
    step,
    folder: `/c/${branch}/${String(step)}`,
    bytes: 1,
    problem: null,
    manifest: { created, cursor: { dataset: 'd-1', complete: step === 10 } },
  });
  const state = describeLineage({
    modelName: 'm',
    base: null,
    head: 'branch-2',
    branches: [
      { name: 'main', parent: null, left: null, opened: 0, why: '' },
      { name: 'branch-2', parent: { branch: 'main', step: 10 }, left: null, opened: 1, why: '' },
    ],
    ancestry: [
      { branch: 'main', upto: 10, opened: 0 },
      { branch: 'branch-2', upto: null, opened: 1 },
    ],
    checkpoints: [checkpoint('main', 20, 2), checkpoint('main', 10, 1)],
    versions: [{ branch: 'main', step: 30 }],
    datasetName: (id) => (id === 'd-1' ? 'a.jsonl' : null),
    restore: null,
  });
  expect(state.branches.map((branch) => branch.newest_step)).toEqual([30, null]);
  expect(state.checkpoints).toMatchObject([
    { step: 20, in_ancestry: false, complete: false, dataset: { id: 'd-1', name: 'a.jsonl' } },
    { step: 10, in_ancestry: true, complete: true },
  ]);
});

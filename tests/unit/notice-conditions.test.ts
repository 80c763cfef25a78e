/** Notices about a condition: told once when it begins, gone when it ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConfigState } from '../../src-main/contract/index.ts';
import {
  baseCondition,
  configConditions,
  diskCondition,
} from '../../src-main/engine/notices/conditions.ts';
import {
  CONDITIONS,
  datasetRefused,
  decisionCondition,
  lowDiskSpace,
  needsDecision,
  savingPaused,
} from '../../src-main/engine/notices/messages.ts';
import { NoticeStore } from '../../src-main/engine/notices/notice-store.ts';
import { createThrottle } from '../../src-main/engine/notices/throttle.ts';
import { ManualClock } from '../support/manual-clock.ts';

let folder: string;
let store: NoticeStore;
let clock: ManualClock;
let actions: Parameters<typeof configConditions>[0];
beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nightshift-notices-'));
  clock = new ManualClock();
  const file = path.join(folder, 'notices.json');
  let count = 0;
  const random = (): string => String((count += 1));
  store = await NoticeStore.open({ file, clock, random, failed: () => undefined });
  const throttle = createThrottle(clock, store);
  actions = {
    notify: (text) => {
      throttle.notify(text);
    },
    resolve: (condition) => {
      store.resolve(condition);
    },
  };
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (): readonly string[] =>
  store
    .list()
    .filter(({ dismissed }) => !dismissed)
    .map(({ title }) => title);
const state = (change: Partial<ConfigState>): ConfigState =>
  ({ problem: null, drift: [], ...change }) as ConfigState;
const drift = [{ key: 'epochs', running: 1, file: 3 }];

test('issue 10, 33: drift during a pass is told, once, and goes when the file is as before', () => {
  const onConfig = configConditions(actions);
  onConfig(state({ drift }));
  expect(open()).toEqual(['config.json changed during training']);
  expect(store.list()[0]).toMatchObject({
    kind: 'config_drift',
    tone: 'warn',
    opens: 'config',
    body: expect.stringContaining('epochs'),
  });
  onConfig(state({ drift }));
  expect(store.list()).toHaveLength(1);
  onConfig(state({}));
  expect(open()).toEqual([]);
});

test('issue 10, 26: a broken config.json is told beside the drift, and goes when it is fixed', () => {
  const onConfig = configConditions(actions);
  onConfig(state({ drift }));
  onConfig(state({ drift, problem: 'config.json: Unknown setting batch.' }));
  expect(open()).toEqual(["config.json can't be used", 'config.json changed during training']);
  expect(store.list()[0]).toMatchObject({
    tone: 'fail',
    body: expect.stringMatching(/Unknown setting batch/),
  });
  onConfig(state({ drift }));
  expect(open()).toEqual(['config.json changed during training']);
});

test('a missing base model is told until it is back; on a first run it is not', () => {
  const base = { id: '', missing: 'no base model is selected' as string | null };
  const onBase = baseCondition(actions, {
    selectedId: () => base.id,
    missingReason: () => base.missing,
  });
  onBase();
  expect(open()).toEqual([]);
  base.id = 'starter';
  base.missing = "base model starter can't be read (/w/models/starter)";
  onBase();
  expect(open()).toEqual(['The base model is missing']);
  base.missing = null;
  onBase();
  expect(open()).toEqual([]);
});

test('low disk space goes when there is room again, also one from before a restart', () => {
  store.publish(lowDiskSpace(1, 10));
  const reading = { freeGb: 20, totalGb: 100, floorGb: 10, t: 0 };
  const disk = { current: reading };
  const onDisk = diskCondition(actions, { reading: () => disk.current });
  onDisk();
  expect(open()).toEqual([]);
  disk.current = { ...reading, freeGb: 5 };
  onDisk();
  disk.current = { ...reading, freeGb: 4 };
  onDisk();
  expect(open()).toHaveLength(1);
  disk.current = reading;
  onDisk();
  expect(open()).toEqual([]);
});

test('what is held back about a condition that ended is never told', () => {
  const text = savingPaused({ step: 5, saved: 4, reason: 'the disk is full', free: 1, needed: 9 });
  actions.notify(text);
  actions.notify(text);
  actions.resolve(CONDITIONS.unsaved);
  clock.advance(700);
  expect(store.list()).toHaveLength(1);
  expect(open()).toEqual([]);
});

test('a notice never carries codes for a terminal', () => {
  store.publish({
    kind: 'fact',
    tone: 'warn',
    title: 'a\u001b[31m failed',
    body: 'x\ny',
    opens: 'data',
  });
  expect(store.list()[0]).toMatchObject({ title: 'a\\u001b[31m failed', body: 'x\\ny' });
});

test('a second refused file is listed at once; only its announcement waits', () => {
  for (const id of ['a', 'b', 'c']) actions.notify(datasetRefused({ id, name: id }, 'No rows.'));
  expect(open()).toEqual(['c refused', 'b refused', 'a refused']);
  expect(store.list().map(({ announced }) => announced)).toEqual([null, null, undefined]);
  const at = clock.now() + 600;
  clock.advance(601);
  expect(store.list().map(({ announced }) => announced)).toEqual([at, at, undefined]);
});

test('what was decided meanwhile is not announced', () => {
  for (const id of ['a', 'b', 'c']) actions.notify(needsDecision({ id, name: id }, null));
  actions.resolve(decisionCondition('b'));
  expect(open()).toEqual(['c needs your decision', 'a needs your decision']);
  const at = clock.now() + 600;
  clock.advance(601);
  expect(store.list().map(({ announced }) => announced)).toEqual([at, null, undefined]);
});

test('a hundred refused files do not push a failure off the list', () => {
  actions.notify({ kind: 'gave_up', tone: 'fail', title: 'Stopped', body: '.', opens: 'health' });
  for (let file = 0; file < 100; file += 1)
    actions.notify(needsDecision({ id: String(file), name: String(file) }, null));
  expect(store.list()).toHaveLength(50);
  expect(open()).toContain('Stopped');
});

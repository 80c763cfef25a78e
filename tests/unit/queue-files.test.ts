/** What the queue reads from files: a damaged or newer pass.json, queue.json, and device locks. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { factoryConfig } from '../../src-main/contract/index.ts';
import { openDesiredState } from '../../src-main/engine/queue/desired-state.ts';
import {
  type PassFile,
  readPass,
  recoverPass,
  writePass,
} from '../../src-main/engine/queue/pass-files.ts';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { ManualClock } from '../support/manual-clock.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nightshift-queue-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const pass: PassFile = {
  format: 1,
  pass: 'p-1',
  dataset: 'd-1',
  config: factoryConfig,
  planned_steps: 10,
  steps_before: 0,
  content_hash: 'h',
  cache: 'k',
  base: { id: 'starter', hash: 'b' },
  head_step: null,
  start: { position: 0, epoch: 0 },
  excluded_rows: [],
  started: 1,
  state: 'open',
  reason: null,
};
const file = (): string => path.join(folder, 'pass.json');

test('a damaged pass.json is read from its last good copy, a removed one is gone', async () => {
  await writePass(folder, pass);
  writeFileSync(file(), readFileSync(file(), 'utf8').slice(0, 40));
  expect(await readPass(folder)).toEqual(pass);
  expect(await recoverPass(folder)).toMatchObject({ recovered: 'from last good copy' });
  rmSync(file());
  expect(await readPass(folder)).toBeNull();
});

test('a pass.json with earlier names is read, one of a newer version is not', async () => {
  writeFileSync(file(), JSON.stringify({ ...pass, excluded_rows: undefined, left_out: [7] }));
  expect((await readPass(folder))?.excluded_rows).toEqual([7]);
  writeFileSync(file(), JSON.stringify({ ...pass, format: 2 }));
  expect(await recoverPass(folder)).toMatchObject({ value: null, isNewer: true });
});

test('the desired state: earlier names, a missing and an unreadable file', async () => {
  const paths = workspacePaths(folder);
  const open = () =>
    openDesiredState({ paths, clock: new ManualClock(9), failed: () => undefined });
  expect((await open()).state()).toMatchObject({ desired_state: 'running', since: 9 });
  mkdirSync(path.dirname(paths.queueState), { recursive: true });
  const old = { format: 1, latch: 'paused', since: 3, by: 'you (window)', note: null };
  writeFileSync(paths.queueState, JSON.stringify(old));
  expect((await open()).state()).toEqual({
    desired_state: 'paused',
    since: 3,
    by: 'you (window)',
    note: null,
  });
  writeFileSync(paths.queueState, '{"format": 1, "desired');
  expect((await open()).state()).toMatchObject({ desired_state: 'stopped', by: 'start' });
});

/** An order counts at once, also where the disk takes no note of it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { workspacePaths } from '../../src-main/formats/workspace.ts';
import { checkDisk } from '../../src-main/engine/health/checks.ts';
import { openDesiredState } from '../../src-main/engine/queue/desired-state.ts';
import { systemClock } from '../../src-main/kit/index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nightshift-state-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Timers that the test lets run out. */
function heldClock() {
  const timers: (() => void)[] = [];
  const clock = {
    ...systemClock,
    after: (_: number, callback: () => void) => {
      timers.push(callback);
      return () => undefined;
    },
  };
  return { clock, timers };
}

test('issue 11, 4: a state that can not be written is in force, named, and written once it can be', async () => {
  const paths = { ...workspacePaths(folder) };
  const { clock, timers } = heldClock();
  const store = await openDesiredState({ paths, clock, failed: () => undefined });
  // No folder can be created below a file: the disk refuses, as a full one does.
  const broken = paths as { queueState: string };
  const { queueState } = paths;
  broken.queueState = '/dev/null/state/queue.json';
  await store.set('paused', 'you');
  expect(store.state().desired_state).toBe('paused');
  expect(store.unsaved()).toContain('/dev/null');
  await store.set('stopped', 'you');
  expect(timers).toHaveLength(1);
  broken.queueState = queueState;
  timers[0]?.();
  await expect.poll(() => store.unsaved()).toBeNull();
  expect(readFileSync(queueState, 'utf8')).toContain('"stopped"');
});

test('issue 11, 4: health says that nothing can be written, whatever the free space', () => {
  const problem = "The disk is read-only: couldn't write /w.";
  expect(checkDisk(900, 1, problem)).toMatchObject({ state: 'fail', evidence: problem });
});

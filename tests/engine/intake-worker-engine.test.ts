/** The warm intake worker: one process for many files, replaced when it dies. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityOf } from '../../src-main/kit/identity.ts';
import { until, Workspace } from './fixtures/workspace.ts';

let w: Workspace;
beforeEach(() => {
  w = new Workspace();
  w.configure({});
});
afterEach(() => w.end());

const runFolder = (run: string): string => path.join(w.folder, 'runs', run);
const intakeRuns = (): string[] =>
  readdirSync(path.join(w.folder, 'runs'))
    .filter((run) => run.includes('-intake-'))
    .sort();
const pidOf = (run: string): number =>
  (JSON.parse(readFileSync(path.join(runFolder(run), 'heartbeat'), 'utf8')) as { pid: number }).pid;

test('one process validates many files, and none is lost', async () => {
  await w.withBase();
  const added = [];
  for (let file = 0; file < 12; file += 1)
    added.push(...(await w.add(w.rows(`small-${file}.jsonl`, 20))));
  for (const { id } of added)
    await until(
      'a verdict',
      () => w.dataset(id).verdict === 'ready' || w.dataset(id).place !== 'queue',
      60,
    );
  expect(new Set(intakeRuns().map(pidOf)).size).toBe(1);
  expect(intakeRuns()).toHaveLength(12);
});

test('a worker killed in the middle of a file: the file is validated again, not failed', async () => {
  w.setBehavior({ intake_seconds: 30 });
  await w.withBase();
  const [added] = await w.add(w.rows('a.jsonl', 42));
  await until('a heartbeat', () => {
    try {
      return pidOf(intakeRuns()[0] ?? '') > 0;
    } catch {
      return false;
    }
  });
  const pid = pidOf(intakeRuns()[0] ?? '');
  w.setBehavior({});
  process.kill(pid, 'SIGKILL');
  await until('gone', () => identityOf(pid) === null);
  await until('the verdict', () => w.dataset(added?.id ?? '').verdict === 'ready', 30);
  expect(pidOf(intakeRuns().at(-1) ?? '')).not.toBe(pid);
  const failures = w.engine.rooms.journal
    .recent()
    .filter((line) => line.what === 'datasets.failed');
  expect(failures).toEqual([]);
});

test('removing a file from the queue ends its validation, and the next file is validated', async () => {
  w.setBehavior({ intake_seconds: 300 });
  await w.withBase();
  const [endless] = await w.add(w.rows('a.jsonl', 42));
  await until('a heartbeat', () => {
    try {
      return pidOf(intakeRuns()[0] ?? '') > 0;
    } catch {
      return false;
    }
  });
  const pid = pidOf(intakeRuns()[0] ?? '');
  w.setBehavior({});
  await w.engine.api.queue.remove({ id: endless?.id ?? '' });
  await until('gone', () => identityOf(pid) === null);
  expect(w.dataset(endless?.id ?? '').place).toBe('skipped');
  const [next] = await w.add(w.rows('b.jsonl', 42));
  await until('the verdict', () => w.dataset(next?.id ?? '').verdict === 'ready', 30);
  const failed = w.engine.rooms.journal
    .recent()
    .filter(({ what }) => what === 'datasets.intake_failed');
  expect(failed).toEqual([]);
});

test('the worker ends with the engine', async () => {
  await w.withBase();
  const [added] = await w.add(w.rows('a.jsonl', 42));
  await until(
    'the verdict',
    () =>
      w.dataset(added?.id ?? '').verdict === 'ready' ||
      w.dataset(added?.id ?? '').place !== 'queue',
    30,
  );
  const pid = pidOf(intakeRuns()[0] ?? '');
  await w.engine.close();
  await until('gone', () => identityOf(pid) === null);
});

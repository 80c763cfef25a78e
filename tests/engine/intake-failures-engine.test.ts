/** A validation that fails: the machine's failures wait, the dataset's count against it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src-main/kit/clock.ts';
import { until, Workspace } from './fixtures/workspace.ts';

/** The pauses between attempts pass ten times as fast. */
const quickClock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 10 };

let w: Workspace;
beforeEach(() => {
  w = new Workspace();
  w.clock = quickClock;
  w.configure({});
});
afterEach(() => w.end());

const failures = () =>
  w.engine.rooms.journal.recent().filter((line) => line.what === 'datasets.intake_failed');

async function failIntake(category: string): Promise<string> {
  w.setBehavior({ fail_intake: { category, message: `a ${category}` } });
  await w.withBase();
  const [added] = await w.add(w.rows('a.jsonl', 42));
  await until('three failures', () => failures().length >= 3, 30);
  return added?.id ?? '';
}

test.each([
  'host_out_of_memory',
  'import_error',
  'permission_denied',
  'gpu_lost',
  // Reported by workers of earlier versions.
  'out_of_memory',
  'environment',
  'files',
  'base_unavailable',
])('after three failures of the kind %s the dataset still waits', async (category) => {
  const id = await failIntake(category);
  await until('waiting again', () => w.dataset(id).verdict === 'waiting');
  expect(w.dataset(id).place).toBe('queue');
  w.setBehavior({});
  await w.at(id, 'completed');
});

test.each(['dataset_error', 'unknown', 'bug'])(
  'the third failure of the kind %s moves the dataset to failed',
  async (category) => {
    const id = await failIntake(category);
    expect((await w.at(id, 'failed')).message).toContain(`a ${category}`);
  },
);

test('a file that reaches a limit of its worker moves to failed at once, and the next is validated', async () => {
  const message = 'a.jsonl needs more than 2.1 GB of memory';
  w.setBehavior({ fail_intake: { category: 'over_limit', message } });
  await w.withBase();
  const [a] = await w.add(w.rows('a.jsonl', 42));
  expect((await w.at(a?.id ?? '', 'failed')).message).toContain(message);
  expect(failures()).toHaveLength(1);
  w.setBehavior({});
  const [b] = await w.add(w.rows('b.jsonl', 42));
  await w.at(b?.id ?? '', 'completed');
});

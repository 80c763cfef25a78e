/** Something outside keeps killing the real trainer: no dataset fails, and training advances. */
import { expect, test } from 'vitest';
import { until, type Workspace, workspacePerTest } from './fixtures/workspace.ts';

let w: Workspace;
workspacePerTest(
  {
    batch_size: 4,
    // No save is ever due within the life of a trainer that is killed after a second.
    save_steps: 100_000,
    eval_steps: 100_000,
    preview_steps: 100_000,
    generate_samples: 0,
    max_length: 256,
    precision: 'fp32',
    epochs: 3,
    watchdog: { restart_limit: 1, backoff_first_seconds: 0.1, backoff_last_seconds: 0.4 },
  },
  (workspace) => {
    w = workspace;
  },
  true,
);

const SIGNALS = ['SIGKILL', 'SIGHUP', 'SIGKILL', 'SIGTERM'] as const;

test('killed again and again before a save is due: it saves earlier, and every row is trained once an epoch', async () => {
  const { api, rooms } = await w.withBase();
  let kills = 0;
  const states = new Set<string>();
  const stopWatching = setInterval(() => states.add(api.status.get().state), 20);
  rooms.trainer.events.on((event) => {
    if (event.type !== 'resumed' || kills >= SIGNALS.length) return;
    const { pid } = rooms.trainer.view();
    setTimeout(() => {
      const signal = SIGNALS[kills];
      if (signal === undefined || pid === null) return;
      kills += 1;
      try {
        process.kill(pid, signal);
      } catch {
        // It had finished.
        kills = SIGNALS.length;
      }
    }, 1200);
  });
  const [added] = await w.add(w.rows('a.jsonl', 240));
  const id = added?.id ?? '';
  const done = await w.at(id, 'completed', 240);
  clearInterval(stopWatching);
  expect(kills).toBe(SIGNALS.length);
  expect(states).toContain('recovering');
  expect(done.done_steps).toBe(done.planned_steps);
  const account = await w.account(id);
  const rows = account.rows - account.held_out;
  expect(account).toMatchObject({ trained: { '3': rows }, remaining: 0, sum: 240 });
  const crashes = await until('the journal', async () => {
    const entries = await api.journal.read({ limit: 500 });
    return entries.filter(({ what }) => what === 'trainer.crashed');
  });
  expect(crashes.map(({ evidence }) => evidence['category'])).toEqual(
    Array<string>(crashes.length).fill('killed_by_signal'),
  );
  expect(w.place('failed')).toEqual([]);
  expect(w.log).toEqual([]);
}, 300_000);

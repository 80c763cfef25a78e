/** What the user wants of the queue, kept over restarts: `data/queue.json`. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type QueueState, queueState } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';

export interface Latch {
  state(): QueueState;
  set(latch: QueueState['latch'], by: string, note?: string | null): Promise<void>;
}

/** A latch file that cannot be read counts as stopped: training is never begun against the user's will by accident. */
export async function openLatch(paths: WorkspacePaths, clock: Clock): Promise<Latch> {
  let state: QueueState;
  try {
    const raw = await readJson(paths.queueState);
    state =
      raw === null
        ? { latch: 'running', since: clock.now(), by: 'start', note: null }
        : queueState.parse(raw);
  } catch {
    state = {
      latch: 'stopped',
      since: clock.now(),
      by: 'start',
      note: `${path.basename(paths.queueState)} could not be read`,
    };
  }
  return {
    state: () => state,
    async set(latch, by, note = null) {
      const next = { latch, since: clock.now(), by, note };
      await mkdir(path.dirname(paths.queueState), { recursive: true });
      await writeJson(paths.queueState, { format: 1, ...next });
      state = next;
    },
  };
}

/** What the user wants of the queue, kept over restarts: `data/queue.json`. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type QueueState, queueState } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

export interface DesiredStateStore {
  state(): QueueState;
  set(desiredState: QueueState['desired_state'], by: string, note?: string | null): Promise<void>;
}

/** A desiredState file that cannot be read counts as stopped: training is never begun against the user's will by accident. */
export async function openDesiredState(
  paths: WorkspacePaths,
  clock: Clock,
): Promise<DesiredStateStore> {
  let state: QueueState;
  try {
    const raw = await readJson(paths.queueState);
    state =
      raw === null
        ? { desired_state: 'running', since: clock.now(), by: 'start', note: null }
        : queueState.parse(raw);
  } catch {
    state = {
      desired_state: 'stopped',
      since: clock.now(),
      by: 'start',
      note: `${path.basename(paths.queueState)} could not be read`,
    };
  }
  return {
    state: () => state,
    async set(desiredState, by, note = null) {
      const next = { desired_state: desiredState, since: clock.now(), by, note };
      await mkdir(path.dirname(paths.queueState), { recursive: true });
      await writeJson(paths.queueState, { format: 1, ...next });
      state = next;
    },
  };
}

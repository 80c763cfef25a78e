/** What the user wants of the queue, kept over restarts: `data/queue.json`. */
import path from 'node:path';
import type { QueueState } from '../../contract/index.ts';
import { queueFile, readFormat, writeFormat } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export interface DesiredStateStore {
  state(): QueueState;
  set(desiredState: QueueState['desired_state'], by: string, note?: string | null): Promise<void>;
}

export async function openDesiredState(
  paths: WorkspacePaths,
  clock: Clock,
): Promise<DesiredStateStore> {
  let state = await readState(paths.queueState, clock.now());
  return {
    state: () => state,
    async set(desiredState, by, note = null) {
      const next = { desired_state: desiredState, since: clock.now(), by, note };
      await writeFormat(paths.queueState, queueFile, next);
      state = next;
    },
  };
}

/** An unreadable file counts as stopped: training must not start against the user's will. */
async function readState(file: string, now: number): Promise<QueueState> {
  const reading = await readFormat(file, queueFile).catch(unlessTemporary(undefined));
  if (reading === null) return { desired_state: 'running', since: now, by: 'start', note: null };
  if (reading?.ok !== true) {
    const note = `${path.basename(file)} can't be read`;
    return { desired_state: 'stopped', since: now, by: 'start', note };
  }
  const { desired_state, since, by, note } = reading.value;
  return { desired_state, since, by, note };
}

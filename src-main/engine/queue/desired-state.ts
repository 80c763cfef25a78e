/** What the user wants of the queue, kept over restarts: `data/queue.json`. */
import path from 'node:path';
import { type QueueState, type Refusal, systemRefusal } from '../../contract/index.ts';
import { queueFile, readFormat, writeFormat } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import { createSerializer } from '../../kit/serializer.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

const RETRY_SECONDS = 5;

interface DesiredStateOptions {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly failed: (where: string, error: unknown) => void;
}

export interface DesiredStateStore {
  state(): QueueState;
  /** Why the state isn't on the disk, so that a restart would not know it; null: it is. */
  unsaved(): string | null;
  set(desiredState: QueueState['desired_state'], by: string, note?: string | null): Promise<void>;
  /** Another engine may own the workspace afterwards, so nothing is written any more. */
  close(): void;
}

/** `failed`: reports an error of a retry that isn't one of the disk. */
export async function openDesiredState({
  paths,
  clock,
  failed,
}: DesiredStateOptions): Promise<DesiredStateStore> {
  let state = await readState(paths.queueState, clock.now());
  let unsaved: Refusal | null = null;
  let cancelRetry: (() => void) | null = null;
  const writes = createSerializer();
  const save = async (): Promise<void> => {
    try {
      await writes.run(() => writeFormat(paths.queueState, queueFile, state));
      unsaved = null;
    } catch (error) {
      const refusal = systemRefusal(error);
      if (refusal === null) throw error;
      unsaved = refusal;
      cancelRetry ??= clock.after(RETRY_SECONDS, () => {
        cancelRetry = null;
        save().catch((retryError: unknown) => {
          failed('queue.state', retryError);
        });
      });
    }
  };
  return {
    state: () => state,
    unsaved: () => unsaved?.message ?? null,
    async set(desiredState, by, note = null) {
      // An order counts at once: a disk that takes no note of it must not keep training running.
      state = { desired_state: desiredState, since: clock.now(), by, note };
      await save();
    },
    close() {
      cancelRetry?.();
      // Also none for a write that is still under way.
      cancelRetry = () => undefined;
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

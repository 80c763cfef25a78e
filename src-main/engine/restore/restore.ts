/** Plans restores, runs one at a time, and recovers one that was interrupted. */
import {
  type LineageState,
  Refusal,
  type RestoreResult,
  type RestoreSource,
} from '../../contract/index.ts';
import { Completion } from './completion.ts';
import { type PerformContext, performRestore, type RestoreRequest } from './perform.ts';
import { createPlanner } from './planner.ts';
import { createProgress } from './progress.ts';
import type { RestoreOptions } from './types.ts';

export type RestoreRoom = ReturnType<typeof createRestore>;

/** Seconds that a closing engine waits for a running restore. */
const CLOSE_TIMEOUT = 5;

export function createRestore(options: RestoreOptions) {
  const progress = createProgress(options);
  const completion = new Completion(options, progress);
  const planner = createPlanner(options, completion);
  let isBusy = false;
  let isClosing = false;
  let current: Promise<unknown> = Promise.resolve();
  const context: PerformContext = {
    options,
    progress,
    completion,
    decide: planner.decide,
    isClosing: () => isClosing,
    onDamaged: planner.onDamaged,
    onMeasured: planner.onMeasured,
  };

  /** Refusals BUSY, NOT_FOUND, NOT_READY, DISK_FULL. */
  async function carryOut(
    request: RestoreRequest & { readonly plan: string },
  ): Promise<RestoreResult> {
    if (isBusy || completion.isRetrying())
      throw new Refusal('BUSY', `${progress.state()?.title ?? 'Another restore'} is running.`, {
        next: 'Its progress is shown with the lineage.',
      });
    isBusy = true;
    try {
      const agreed = await planner.prepare(request);
      const { origin } = agreed.point;
      const perform = (): Promise<RestoreResult> => performRestore(context, request, agreed);
      const performing =
        origin.kind === 'backup' ? options.backups.using(origin.id, perform) : perform();
      current = performing.catch(() => undefined);
      return await performing;
    } finally {
      isBusy = false;
    }
  }

  return {
    changed: progress.changed,
    news: progress.news,
    /** The running restore, or the last one if it failed. */
    state: (): LineageState['restore'] => progress.state(),
    /** Why checkpoints can't be removed; null: no restore is running. */
    busyReason: (): string | null =>
      progress.state()?.state === 'running' ? 'A restore is running.' : null,
    /** Changes nothing. Refusals NOT_FOUND, NOT_READY. */
    plan: planner.plan,
    carryOut,
    /** Starts a new lineage from `base` on behalf of the queue. Refusals as `carryOut`. */
    async openLineage(base: string): Promise<void> {
      const source: RestoreSource = { kind: 'base', id: base };
      const { id } = await planner.plan(source);
      await carryOut({
        ...{ source, plan: id, queue_again: false, undone: null, by: 'the queue' },
        keep_settings: true,
      });
    },
    /**
     * Call it before the queue starts. I/O errors are reported and don't keep the engine from
     * starting.
     */
    async recover(): Promise<void> {
      try {
        await completion.recover();
      } catch (error) {
        options.failed('restore.recover', error);
      }
    },
    /**
     * A running restore stops at its next phase; what takes longer is undone or finished by the
     * next start.
     */
    async close(): Promise<void> {
      isClosing = true;
      completion.close();
      await Promise.race([current, options.clock.sleep(CLOSE_TIMEOUT)]);
    },
  };
}

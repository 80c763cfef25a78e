/** Plans restores, runs one at a time, and recovers one that was interrupted. */
import {
  type LineageState,
  Refusal,
  type RestorePlan,
  type RestoreResult,
  type RestoreSource,
} from '../../contract/index.ts';
import { createCompletion } from './completion.ts';
import { type Decision, decideRestore } from './decide.ts';
import { readInputs } from './inputs.ts';
import { asRefusal, changedMeanwhile } from './messages.ts';
import { performRestore, type RestoreRequest } from './perform.ts';
import { createProgress } from './progress.ts';
import type { RestoreOptions, RestorePhase } from './types.ts';

export type RestoreRoom = ReturnType<typeof createRestore>;

/** Seconds that a closing engine waits for a running restore. */
const CLOSE_TIMEOUT = 5;

export function createRestore(options: RestoreOptions) {
  const progress = createProgress(options);
  const completion = createCompletion(options, progress);
  /** Checkpoint folders that this process found damaged. */
  const damaged = new Set<string>();
  const times = new Map<RestorePhase, { readonly seconds: number; readonly bytes: number }>();
  let isBusy = false;
  let isClosing = false;
  let current: Promise<unknown> = Promise.resolve();

  const decide = async (source: RestoreSource): Promise<Decision> =>
    decideRestore(source, await readInputs(options, damaged, times, source));

  /** Keeps the trainer's rotation and cleanups from removing the checkpoint of the plan. */
  async function lease({ point }: Decision): Promise<void> {
    if (point.optimizerState === null || point.origin.kind === 'backup') return;
    await options.leases.lease(point).catch((error: unknown) => {
      // If the lease can't be written, still show the plan: it is checked again before anything happens.
      options.failed('restore.lease', error);
    });
  }
  /** Decides twice: the checkpoint may have been removed before the lease was written. */
  async function decideWithLease(source: RestoreSource): Promise<Decision> {
    await lease(await decide(source));
    return decide(source);
  }

  /** Everything that can refuse before a file is touched. */
  async function prepare(request: RestoreRequest & { readonly plan: string }): Promise<Decision> {
    try {
      await completion.recover();
      const agreed = await decideWithLease(request.source);
      if (agreed.plan.id !== request.plan) throw changedMeanwhile(agreed.plan);
      await options.disk.require(agreed.plan.disk.needed_bytes, 'the restore');
      return agreed;
    } catch (error) {
      throw asRefusal(error, null);
    }
  }

  const context = {
    options,
    progress,
    completion,
    decide,
    isClosing: () => isClosing,
    onDamaged: (folder: string): void => void damaged.add(folder),
    onMeasured: (phase: RestorePhase, seconds: number, bytes: number): void =>
      void times.set(phase, { seconds, bytes }),
  };

  /** Changes nothing. Refusals NOT_FOUND, NOT_READY. */
  async function plan(source: RestoreSource): Promise<RestorePlan> {
    try {
      return (await decideWithLease(source)).plan;
    } catch (error) {
      throw asRefusal(error, null);
    }
  }

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
      const agreed = await prepare(request);
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
    plan,
    carryOut,
    /** Starts a new lineage from `base` on behalf of the queue. Refusals as `carryOut`. */
    async openLineage(base: string): Promise<void> {
      const source: RestoreSource = { kind: 'base', id: base };
      const { id } = await plan(source);
      await carryOut({ source, plan: id, queue_again: false, by: 'the queue' });
    },
    /** Call it before the queue starts. I/O errors are reported and don't keep the engine from starting. */
    async recover(): Promise<void> {
      try {
        await completion.recover();
      } catch (error) {
        options.failed('restore.recover', error);
      }
    },
    /** A running restore stops at its next phase; what takes longer is undone or finished by the next start. */
    async close(): Promise<void> {
      isClosing = true;
      completion.close();
      await Promise.race([current, options.clock.sleep(CLOSE_TIMEOUT)]);
    },
  };
}

/** Plans of restores, and the checks before one begins. */
import type { RestorePlan, RestoreSource } from '../../contract/index.ts';
import type { Completion } from './completion.ts';
import { type Decision, decideRestore } from './decide.ts';
import { readInputs } from './inputs.ts';
import { asRefusal, changedMeanwhile } from './messages.ts';
import type { RestoreOptions, RestorePhase } from './types.ts';

export function createPlanner(options: RestoreOptions, completion: Completion) {
  /** Checkpoint folders that this process found damaged. */
  const damaged = new Set<string>();
  const times = new Map<RestorePhase, { readonly seconds: number; readonly bytes: number }>();

  const decide = async (source: RestoreSource): Promise<Decision> =>
    decideRestore(source, await readInputs(options, damaged, times, source));

  /** Keeps the trainer's rotation and cleanups from removing the checkpoint of the plan. */
  async function lease({ point }: Decision): Promise<void> {
    if (point.optimizerState === null || point.origin.kind === 'backup') return;
    await options.leases.lease(point).catch((error: unknown) => {
      // If the lease can't be written, still show the plan: it is checked again before the restore.
      options.failed('restore.lease', error);
    });
  }
  /** Decides twice: the checkpoint may have been removed before the lease was written. */
  async function decideWithLease(source: RestoreSource): Promise<Decision> {
    await lease(await decide(source));
    return decide(source);
  }

  return {
    decide,
    onDamaged: (folder: string): void => {
      damaged.add(folder);
    },
    onMeasured: (phase: RestorePhase, seconds: number, bytes: number): void => {
      times.set(phase, { seconds, bytes });
    },
    /** Refusals NOT_FOUND, NOT_READY. */
    plan: async (source: RestoreSource): Promise<RestorePlan> => {
      try {
        return (await decideWithLease(source)).plan;
      } catch (error) {
        throw asRefusal(error, null);
      }
    },
    /**
     * Everything that can refuse before a file is touched. Refusals NOT_FOUND, NOT_READY,
     * DISK_FULL.
     */
    prepare: async (request: {
      readonly source: RestoreSource;
      readonly plan: string;
    }): Promise<Decision> => {
      try {
        await completion.recover();
        const agreed = await decideWithLease(request.source);
        if (agreed.plan.id !== request.plan) throw changedMeanwhile(agreed.plan);
        await options.disk.require(agreed.plan.disk.needed_bytes, 'the restore');
        return agreed;
      } catch (error) {
        throw asRefusal(error, null);
      }
    },
  };
}

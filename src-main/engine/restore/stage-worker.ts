/** What the phases that use the `stage` worker share. */
import { Refusal } from '../../contract/index.ts';
import type { WorkerResult } from '../trainer/index.ts';
import type { RestoreOptions, SavedPoint } from './types.ts';

/** `failure`: a sentence without its end, `Couldn't read the checkpoint`. */
export function workerRefusal(
  result: Extract<WorkerResult, { ok: false }>,
  failure: string,
): Refusal {
  if (result.category === 'disk_full')
    return new Refusal('DISK_FULL', `${failure}: the disk is full.`, {
      next: 'Free disk space, then restore again.',
    });
  return new Refusal('NOT_READY', `${failure}: ${result.message}.`, { subject: result.category });
}

/**
 * The base model that the point was trained from. Early versions don't record it: then there was
 * only one.
 */
export function baseOf(options: RestoreOptions, point: SavedPoint): { id: string; hash: string } {
  const base = point.base ?? options.lineage.current()?.base ?? null;
  if (base === null) throw new Error('no lineage was started');
  return { id: base.id, hash: base.hash };
}

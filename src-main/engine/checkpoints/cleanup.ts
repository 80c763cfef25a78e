/** Which checkpoints a cleanup removes, and why it keeps the others. Pure. */
import type { CheckpointCleanup } from '../../contract/index.ts';

export interface BranchFacts {
  readonly branch: string;
  /** Newest first. */
  readonly checkpoints: readonly { readonly step: number; readonly bytes: number }[];
  /** The newest step whose bytes all verify; null: none does. */
  readonly verified: number | null;
  /** Steps that a restore is planned to. */
  readonly leased: readonly number[];
}

/**
 * The trainer's rotation rule, for every branch: keep the newest `keep` checkpoints, counted from
 * the newest that verifies. A newer one that doesn't verify must not push out a good one, so it is
 * neither counted nor removed. A branch without a verified checkpoint is left alone.
 */
export function decideCheckpointCleanup(
  branches: readonly BranchFacts[],
  keep: number,
): Pick<CheckpointCleanup, 'removes' | 'keeps' | 'freed_bytes'> {
  const removes: CheckpointCleanup['removes'] = [];
  const keeps: CheckpointCleanup['keeps'] = [];
  for (const { branch, checkpoints, verified, leased } of branches) {
    const rotated = checkpoints.filter(
      (checkpoint) => verified !== null && checkpoint.step <= verified,
    );
    const newest = new Set(
      rotated.slice(0, Math.max(1, keep)).map((checkpoint) => checkpoint.step),
    );
    for (const { step, bytes } of checkpoints) {
      const entry = (why: string) => ({ branch, step, bytes, why });
      if (verified === null) keeps.push(entry('no checkpoint of this branch verifies'));
      else if (step === verified) keeps.push(entry('newest verified checkpoint'));
      else if (step > verified)
        keeps.push(entry('failed verification; training will overwrite it'));
      else if (newest.has(step)) keeps.push(entry(`one of the newest ${String(keep)}`));
      else if (leased.includes(step)) keeps.push(entry('a restore to it is being planned'));
      else removes.push(entry(`older than the newest ${String(keep)}`));
    }
  }
  return { removes, keeps, freed_bytes: removes.reduce((sum, removal) => sum + removal.bytes, 0) };
}

/** Why training would refuse a checkpoint, and what a clean-up of checkpoints removes and keeps. Pure. */
import type { CheckpointCleanup } from '../../contract/index.ts';

/** Why training would refuse to go on from what verifies; null: it would not. */
export function decideMismatch(r: {
  readonly checkpointBase: { readonly id: string; readonly hash: string } | null;
  readonly base: { readonly id: string; readonly hash: string } | null;
  readonly dataset: {
    readonly name: string;
    readonly contentHash: string;
    /** null: the file is not there, or its place is not known. */
    readonly fileHash: string | null;
    readonly isComplete: boolean;
  } | null;
}): string | null {
  const { checkpointBase, base, dataset } = r;
  if (checkpointBase !== null && base !== null && checkpointBase.hash !== base.hash)
    return `it was trained from the base ${checkpointBase.id} (${checkpointBase.hash.slice(0, 12)}), and the chosen one is ${base.id} (${base.hash.slice(0, 12)})`;
  if (dataset === null || dataset.isComplete || dataset.fileHash === null) return null;
  return dataset.fileHash === dataset.contentHash
    ? null
    : `the file of ${dataset.name} was changed during its pass`;
}

export interface BranchReading {
  readonly branch: string;
  /** Newest first. */
  readonly checkpoints: readonly { readonly step: number; readonly bytes: number }[];
  /** The newest step whose bytes all verify; null: none does. */
  readonly verified: number | null;
  /** Steps that a restore is planned to. */
  readonly held: readonly number[];
}

/**
 * The ring's own rule for every branch: the newest `keep` up to the newest one that verifies stay. What lies beyond that one does not
 * verify: it must not push out one that does, and it is left where it is. Without one that verifies nothing of the branch goes.
 */
export function decideCheckpointCleanup(
  branches: readonly BranchReading[],
  keep: number,
): Pick<CheckpointCleanup, 'removes' | 'keeps' | 'freed_bytes'> {
  const removes: CheckpointCleanup['removes'] = [];
  const keeps: CheckpointCleanup['keeps'] = [];
  for (const { branch, checkpoints, verified, held } of branches) {
    const ring = checkpoints.filter(
      (checkpoint) => verified !== null && checkpoint.step <= verified,
    );
    const kept = new Set(ring.slice(0, Math.max(1, keep)).map((entry) => entry.step));
    for (const { step, bytes } of checkpoints) {
      const told = (why: string) => ({ branch, step, bytes, why });
      if (verified === null) keeps.push(told('no checkpoint of this branch verifies'));
      else if (step === verified) keeps.push(told('the newest one that verifies'));
      else if (step > verified) keeps.push(told('it does not verify; training takes its place'));
      else if (kept.has(step)) keeps.push(told(`one of the newest ${String(keep)}`));
      else if (held.includes(step)) keeps.push(told('a restore to it is being looked at'));
      else removes.push(told(`older than the newest ${String(keep)}`));
    }
  }
  return { removes, keeps, freed_bytes: removes.reduce((sum, removal) => sum + removal.bytes, 0) };
}

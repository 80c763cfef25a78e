/** Why training would refuse a checkpoint that verifies. Pure. */

export interface MismatchFacts {
  readonly checkpointBase: { readonly id: string; readonly hash: string } | null;
  /** The selected base model. */
  readonly base: { readonly id: string; readonly hash: string } | null;
  /** The dataset that the checkpoint was training. */
  readonly dataset: {
    readonly name: string;
    readonly contentHash: string;
    /** null: the file is missing, or its path is unknown. */
    readonly fileHash: string | null;
    readonly isComplete: boolean;
  } | null;
}

/** null when training would accept the checkpoint. */
export function decideMismatch({ checkpointBase, base, dataset }: MismatchFacts): string | null {
  if (checkpointBase !== null && base !== null && checkpointBase.hash !== base.hash)
    return `it was trained from base model ${checkpointBase.id} (${checkpointBase.hash.slice(0, 12)}), but the selected base model is ${base.id} (${base.hash.slice(0, 12)})`;
  if (dataset === null || dataset.isComplete || dataset.fileHash === null) return null;
  return dataset.fileHash === dataset.contentHash
    ? null
    : `${dataset.name} was modified while it was being trained`;
}

/**
 * Lineage: the branches of the model, which branch is trained, and which steps led to it (the
 * ancestry).
 * Promises: the head changes by one atomic replacement of lineage.json; a branch name is never
 * reused; a damaged lineage.json is restored from its copy or rebuilt from the checkpoints.
 * Never: touches weights or checkpoints, starts over while there are checkpoints, writes over a
 * lineage.json of a newer version.
 */
export { createLineage, type LineageRoom } from './lineage.ts';
export type { BranchEntry, Lineage, LineageRecovery } from './lineage-file.ts';
export { describeLineage, type LineageParts } from './lineage-state.ts';

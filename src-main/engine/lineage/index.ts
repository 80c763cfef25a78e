/**
 * Lineage: the branches of the model, which branch is trained, and which steps led to it (the
 * ancestry).
 * Promises: the head changes by one atomic replacement of lineage.json; a branch name is never
 * reused.
 * Never: touches weights or checkpoints, starts over while a lineage.json exists that it can't
 * read.
 */
export { createLineage, type LineageRoom } from './lineage.ts';
export type { BranchEntry, Lineage } from './lineage-file.ts';
export { describeLineage, type LineageParts } from './lineage-state.ts';

/**
 * Checkpoints: what the next start would resume from, and the clean-up of what is not needed for it.
 * Promises: a checkpoint counts only when every byte was read and is what was saved; the walk is the trainer's own.
 * Never: removes the last checkpoint of a branch that verifies, removes anything while a trainer runs.
 */
export { type CheckpointsRoom, createCheckpoints } from './checkpoints.ts';
export { createHolds, type Holds } from './checkpoint-leases.ts';
export { readThrough, type Walk, walkCheckpoints } from './discover.ts';

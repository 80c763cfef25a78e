/**
 * Checkpoints: lists them, verifies what the next start would resume from, leases and cleans them
 * up.
 * Promises: a checkpoint counts as good only when the trainer's own discovery has read every byte
 * of it.
 * Never: removes the last verified checkpoint of a branch, or any checkpoint while training or a
 * restore runs.
 */
export { type CheckpointLeases, createCheckpointLeases } from './checkpoint-leases.ts';
export { type BranchCheckpoint, type CheckpointsRoom, createCheckpoints } from './checkpoints.ts';
export { type DiscoveryResult, discoverCheckpoints } from './discover.ts';
export { type CheckpointMaintenance, createCheckpointMaintenance } from './maintenance.ts';
export {
  type Checkpoint,
  checkpointName,
  type CheckpointCursor,
  type CheckpointOrigin,
  listCheckpoints,
  readCheckpointOrigin,
} from './manifest.ts';

/** Checkpoint folders by their manifest and file sizes. Hashes are verified by the trainer. */
import path from 'node:path';
import {
  type Checkpoint,
  checkpointManifest,
  type CheckpointOrigin,
  listCheckpoints,
  readOrNull,
} from '../../formats/index.ts';

export {
  type Checkpoint,
  checkpointName,
  type CheckpointCursor,
  type CheckpointManifest,
  type CheckpointOrigin,
  listCheckpoints,
  listUnreadableCheckpoints,
} from '../../formats/index.ts';

/** null when the folder is no checkpoint. */
export async function readCheckpointOrigin(folder: string): Promise<CheckpointOrigin | null> {
  const manifest = await readOrNull(path.join(folder, 'manifest.json'), checkpointManifest);
  if (manifest === null) return null;
  const { base, hashes, cursor } = manifest;
  return { base, hashes, cursor };
}

export async function newestCheckpoint(branchFolder: string): Promise<Checkpoint | null> {
  const checkpoints = await listCheckpoints(branchFolder);
  return checkpoints.find((checkpoint) => checkpoint.problem === null) ?? null;
}

/** Checkpoint folders by their manifest and file sizes. Hashes are verified by the trainer. */
import path from 'node:path';
import {
  type Checkpoint,
  checkpointManifest,
  type CheckpointManifest,
  type CheckpointOrigin,
  listCheckpoints,
  readOrNull,
} from '../../formats/index.ts';

export {
  checkpointName,
  checkpointOrigin,
  listCheckpoints,
  type Checkpoint,
  type CheckpointCursor,
  type CheckpointManifest,
  type CheckpointOrigin,
} from '../../formats/index.ts';

/** The one reader of a checkpoint's manifest.json. null: the folder is no checkpoint. */
const readManifest = (folder: string): Promise<CheckpointManifest | null> =>
  readOrNull(path.join(folder, 'manifest.json'), checkpointManifest);

/** null when the folder is no checkpoint. */
export async function readCheckpointOrigin(folder: string): Promise<CheckpointOrigin | null> {
  const manifest = await readManifest(folder);
  if (manifest === null) return null;
  const { base, hashes, cursor } = manifest;
  return { base, hashes, cursor };
}

export async function newestCheckpoint(branchFolder: string): Promise<Checkpoint | null> {
  const checkpoints = await listCheckpoints(branchFolder);
  return checkpoints.find((checkpoint) => checkpoint.problem === null) ?? null;
}

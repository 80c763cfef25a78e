/** Checkpoint folders by their manifest and file sizes. Hashes are verified by the trainer. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  checkpointManifest,
  type CheckpointManifest,
  type CheckpointOrigin,
  readOrNull,
} from '../../formats/index.ts';

export {
  checkpointName,
  checkpointOrigin,
  type CheckpointCursor,
  type CheckpointManifest,
  type CheckpointOrigin,
} from '../../formats/index.ts';

export interface Checkpoint {
  readonly step: number;
  readonly folder: string;
  readonly manifest: CheckpointManifest;
  readonly bytes: number;
  /** null: every file of the manifest exists and has its size. */
  readonly problem: string | null;
}

/** The one reader of a checkpoint's manifest.json. null: the folder is no checkpoint. */
const readManifest = (folder: string): Promise<CheckpointManifest | null> =>
  readOrNull(path.join(folder, 'manifest.json'), checkpointManifest);

async function readCheckpoint(folder: string, step: number): Promise<Checkpoint | null> {
  const manifest = await readManifest(folder);
  if (manifest?.step !== step) return null;
  let bytes = 0;
  let problem: string | null = null;
  for (const [name, { size }] of Object.entries(manifest.files)) {
    const found = (await stat(path.join(folder, name)).catch(() => null))?.size ?? null;
    bytes += found ?? 0;
    if (found === null) problem ??= `${name} is missing`;
    else if (found !== size) problem ??= `${name} has ${found} bytes instead of ${size}`;
  }
  return { step, folder, manifest, bytes, problem };
}

/** null when the folder is no checkpoint. */
export async function readCheckpointOrigin(folder: string): Promise<CheckpointOrigin | null> {
  const manifest = await readManifest(folder);
  if (manifest === null) return null;
  const { base, hashes, cursor } = manifest;
  return { base, hashes, cursor };
}

/** Newest first, by number: by name checkpoint-900 would sort above checkpoint-1000. */
export async function listCheckpoints(branchFolder: string): Promise<readonly Checkpoint[]> {
  const steps = (await readdir(branchFolder).catch(() => []))
    .map((name) => ({ name, step: Number(/^step-(\d+)$/.exec(name)?.[1] ?? Number.NaN) }))
    .filter(({ step }) => Number.isInteger(step))
    .sort((a, b) => b.step - a.step);
  const checkpoints: Checkpoint[] = [];
  for (const { name, step } of steps) {
    const checkpoint = await readCheckpoint(path.join(branchFolder, name), step);
    if (checkpoint !== null) checkpoints.push(checkpoint);
  }
  return checkpoints;
}

export async function newestCheckpoint(branchFolder: string): Promise<Checkpoint | null> {
  const checkpoints = await listCheckpoints(branchFolder);
  return checkpoints.find((checkpoint) => checkpoint.problem === null) ?? null;
}

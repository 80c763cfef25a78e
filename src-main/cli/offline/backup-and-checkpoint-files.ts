/** Reads backups and checkpoints without an engine. */
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backup } from '../../contract/index.ts';
import {
  type Checkpoint,
  listBackupFolders,
  listBranchFolders,
  listCheckpoints,
  readBackupFile,
  readBackupManifest,
  readLineageFile,
} from '../../formats/index.ts';
import { firstDifference } from '../../kit/folder-content.ts';
import type { Session } from '../session.ts';

export interface BackupOnDisk {
  readonly id: string;
  readonly folder: string;
  /** null if backup.json is missing or damaged. */
  readonly facts: Backup | null;
  readonly problem: string | null;
}

/** Newest first. */
export async function backupsFromFiles(session: Session): Promise<BackupOnDisk[]> {
  const folders = [...(await listBackupFolders(session.paths))].sort((a, b) =>
    a.stamp < b.stamp ? 1 : -1,
  );
  return Promise.all(
    folders.map(async ({ id, folder }) => {
      const file = await readBackupFile({ id, folder });
      if (typeof file === 'string') return { id, folder, facts: null, problem: file };
      const { format: _format, by: _by, ...facts } = file;
      return { id, folder, facts: { ...facts, folder, keep_until: null }, problem: null };
    }),
  );
}

/** Verifies the checksums of a backup. null if all match, otherwise the first problem. */
export async function backupProblem(backup: BackupOnDisk): Promise<string | null> {
  if (backup.problem !== null) return backup.problem;
  const manifest = await readBackupManifest(backup);
  if (typeof manifest === 'string') return manifest;
  const content = join(backup.folder, 'content');
  const difference = await firstDifference(content, manifest.files);
  if (difference !== null) return difference;
  for (const { name, target } of manifest.links)
    if ((await readlink(join(content, name)).catch(() => null)) !== target)
      return `the link ${name} does not point to ${target}`;
  return null;
}

export interface CheckpointOnDisk extends Pick<
  Checkpoint,
  'step' | 'folder' | 'bytes' | 'problem'
> {
  readonly branch: string;
  readonly created: number;
}

/** Checkpoints of every branch, newest step first. Checks file sizes, not checksums. */
export async function checkpointsFromFiles(session: Session): Promise<CheckpointOnDisk[]> {
  const checkpoints: CheckpointOnDisk[] = [];
  for (const branch of await listBranchFolders(session.paths))
    for (const { step, folder, bytes, problem, manifest } of await listCheckpoints(
      session.paths.checkpoints(branch),
    ))
      checkpoints.push({ branch, step, created: manifest.created, folder, bytes, problem });
  return checkpoints;
}

/** The branch that is trained; `main` if nothing has been trained yet. */
export async function headFromFiles(session: Session): Promise<string> {
  const { value, problem, isNewer } = await readLineageFile(session.paths);
  if (isNewer) throw new Error(`${problem ?? session.paths.lineage}.`);
  return value?.branch ?? 'main';
}

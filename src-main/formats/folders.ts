/**
 * Readers of whole folders, for the engine and for the command line without one. They only read.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type BackupType, backupType, type JournalEntry } from '../contract/index.ts';
import { isLiveHolder, readLinesBackward } from '../kit/index.ts';
import {
  type BackupFile,
  backupFile,
  type BackupManifest,
  backupManifest,
  isBackupStamp,
} from './backup.ts';
import { type CheckpointManifest, checkpointManifest, checkpointStep } from './checkpoint.ts';
import { type FileFormat, parseJson } from './document.ts';
import {
  lastGoodOf,
  readOrNull,
  readSealedFormat,
  readWithFallback,
  type Recovered,
} from './files.ts';
import { isJournalFileName, journalFile } from './journal.ts';
import { type Lineage, lineageFile, rebuildLineage } from './lineage.ts';
import { isBranchName, isVersionName } from './names.ts';
import { type VersionFile, versionFile } from './version.ts';
import { workspaceFolders, type WorkspacePaths } from './workspace.ts';
import { unlessTemporary } from '../kit/system-errors.ts';

export interface Checkpoint {
  readonly step: number;
  readonly folder: string;
  readonly manifest: CheckpointManifest;
  readonly bytes: number;
  /** Null: every file of the manifest exists with its size. Hashes are not read. */
  readonly problem: string | null;
}

async function readCheckpoint(folder: string, step: number): Promise<Checkpoint | null> {
  const manifest = await readOrNull(path.join(folder, 'manifest.json'), checkpointManifest);
  if (manifest?.step !== step) return null;
  let bytes = 0;
  let problem: string | null = null;
  for (const [name, { size }] of Object.entries(manifest.files)) {
    const found = (await stat(path.join(folder, name)).catch(unlessTemporary(null)))?.size ?? null;
    bytes += found ?? 0;
    if (found === null) problem ??= `${name} is missing`;
    else if (found !== size) problem ??= `${name} has ${found} bytes, expected ${size}`;
  }
  return { step, folder, manifest, bytes, problem };
}

/**
 * Newest first, by number: by name step-900 would sort above step-1000. A folder without a readable
 * manifest is no checkpoint.
 */
export async function listCheckpoints(branchFolder: string): Promise<readonly Checkpoint[]> {
  const names = await readdir(branchFolder).catch(unlessTemporary([]));
  const steps = names
    .flatMap((name) => {
      const step = checkpointStep(name);
      return step === null ? [] : [{ name, step }];
    })
    .sort((a, b) => b.step - a.step);
  const checkpoints: Checkpoint[] = [];
  for (const { name, step } of steps) {
    const checkpoint = await readCheckpoint(path.join(branchFolder, name), step);
    if (checkpoint !== null) checkpoints.push(checkpoint);
  }
  return checkpoints;
}

/**
 * Steps of the folders that are named like checkpoints but whose manifest can't be read, newest
 * first. They are damaged, which is not the same as missing. Throws what the disk throws.
 */
export async function listUnreadableCheckpoints(branchFolder: string): Promise<readonly number[]> {
  const names = await readdir(branchFolder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const known = new Set((await listCheckpoints(branchFolder)).map(({ step }) => step));
  return names
    .flatMap((name) => checkpointStep(name) ?? [])
    .filter((step) => !known.has(step))
    .sort((a, b) => b - a);
}

/** Names of the folders in a folder, by name; none when it can't be read. A link is no folder. */
export async function listFolders(
  folder: string,
  isWanted: (name: string) => boolean,
): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(unlessTemporary([]));
  return entries
    .filter((entry) => entry.isDirectory() && isWanted(entry.name))
    .map(({ name }) => name)
    .sort();
}

/** Names of the folders of branches. */
export const listBranchFolders = ({
  branches,
}: Pick<WorkspacePaths, 'branches'>): Promise<string[]> => listFolders(branches, isBranchName);

/**
 * The lineage; that of a damaged file from its last good copy, else from the checkpoints. Throws
 * what the disk throws.
 */
export function readLineageFile(
  paths: Pick<WorkspacePaths, 'lineage' | 'branches' | 'checkpoints'>,
): Promise<Recovered<Lineage>> {
  return readWithFallback({
    file: paths.lineage,
    format: lineageFile,
    lastGood: lastGoodOf(paths.lineage),
    async rebuild() {
      const manifests: CheckpointManifest[] = [];
      for (const branch of await listBranchFolders(paths))
        for (const { manifest } of await listCheckpoints(paths.checkpoints(branch)))
          manifests.push({ ...manifest, branch });
      return rebuildLineage(manifests);
    },
  });
}

/** Names of the folders that hold a version, whatever is in them. */
export const listVersionFolders = ({
  versions,
}: Pick<WorkspacePaths, 'versions'>): Promise<string[]> => listFolders(versions, isVersionName);

/**
 * Newest first; `folder` is where the version lies now. Without a readable version.json there is
 * none.
 */
export async function listVersions(
  paths: Pick<WorkspacePaths, 'versions'>,
): Promise<readonly VersionFile[]> {
  const versions: VersionFile[] = [];
  for (const name of await listVersionFolders(paths)) {
    const folder = path.join(paths.versions, name);
    const version = await readOrNull(path.join(folder, 'version.json'), versionFile);
    // A folder that was renamed or copied claims to be another version.
    if (version?.name === name) versions.push({ ...version, folder });
  }
  return versions.sort((a, b) => b.number - a.number);
}

export interface BackupFolder {
  /** `<type>/<stamp>` */
  readonly id: string;
  readonly type: BackupType;
  readonly stamp: string;
  readonly folder: string;
}

/** By type, in no order. What is in them is not read. */
export async function listBackupFolders(
  paths: Pick<WorkspacePaths, 'backups'>,
): Promise<readonly BackupFolder[]> {
  const folders: BackupFolder[] = [];
  for (const type of backupType.options)
    for (const stamp of await readdir(path.join(paths.backups, type)).catch(unlessTemporary([]))) {
      const folder = path.join(paths.backups, type, stamp);
      if (isBackupStamp(stamp)) folders.push({ id: `${type}/${stamp}`, type, stamp, folder });
    }
  return folders;
}

type BackupPlace = Pick<BackupFolder, 'id' | 'folder'>;

/** The facts of backup.json, or what is wrong with the file. */
export const readBackupFile = (backup: BackupPlace): Promise<BackupFile | string> =>
  readBackupRecord(backup, 'backup.json', backupFile, (file) => file.id);

/** The manifest, or what is wrong with it. */
export const readBackupManifest = (backup: BackupPlace): Promise<BackupManifest | string> =>
  readBackupRecord(backup, 'manifest.json', backupManifest, (file) => file.backup.id);

async function readBackupRecord<T>(
  { id, folder }: BackupPlace,
  name: string,
  format: FileFormat<T>,
  idOf: (value: T) => string,
): Promise<T | string> {
  const reading = await readSealedFormat(path.join(folder, name), format);
  if (!reading.ok) return reading.problem;
  return reading.sealed && idOf(reading.value) === id
    ? reading.value
    : `the content of ${name} has changed (checksum mismatch)`;
}

/** The live holder of a lock; null when it is free, invalid or held by a dead process or a copy. */
export async function readLiveHolder<T extends { readonly pid: number; readonly start: string }>(
  file: string,
  format: FileFormat<T>,
): Promise<T | null> {
  const lock = await readOrNull(file, format);
  return lock !== null && (await isLiveHolder(file, lock)) ? lock : null;
}

/** The last `limit` lines of the journal, newest first. Throws what the disk throws. */
export async function readJournal(folder: string, limit: number): Promise<JournalEntry[]> {
  const names = (await readdir(folder).catch(unlessTemporary([])))
    .filter(isJournalFileName)
    .sort()
    .reverse();
  const entries: JournalEntry[] = [];
  for (const name of names) {
    for await (const line of readLinesBackward(path.join(folder, name))) {
      const json = parseJson(line);
      const entry = json.ok ? journalFile.parse(json.value) : null;
      if (entry !== null) entries.push(entry);
      if (entries.length >= limit) return entries;
    }
  }
  return entries;
}

/** What other accounts should not open: inside these, nothing else has to be private. */
export const privatePlaces = (paths: WorkspacePaths): readonly string[] => [
  ...workspaceFolders(paths),
  paths.backups,
  ...backupType.options.map((type) => path.join(paths.backups, type)),
  ...[paths.config, paths.token, paths.sessions, paths.engineLock, paths.trainerLock],
];

/**
 * Readers of whole folders, for the engine and for the command line without one. They only read.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { JournalEntry } from '../contract/index.ts';
import { readJsonLines } from '../kit/index.ts';
import { type CheckpointManifest, checkpointManifest, checkpointStep } from './checkpoint.ts';
import { readOrNull } from './files.ts';
import { isJournalFileName, journalFile } from './journal.ts';
import { isVersionName, type VersionFile, versionFile } from './version.ts';
import type { WorkspacePaths } from './workspace.ts';

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
    const found = (await stat(path.join(folder, name)).catch(() => null))?.size ?? null;
    bytes += found ?? 0;
    if (found === null) problem ??= `${name} is missing`;
    else if (found !== size) problem ??= `${name} has ${found} bytes, expected ${size}`;
  }
  return { step, folder, manifest, bytes, problem };
}

/** Newest first, by number. A folder without a readable manifest is no checkpoint. */
export async function listCheckpoints(branchFolder: string): Promise<readonly Checkpoint[]> {
  const names = await readdir(branchFolder).catch(() => []);
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

/** Names of the folders of branches, by name. */
export async function listBranchFolders(
  paths: Pick<WorkspacePaths, 'branches'>,
): Promise<string[]> {
  const entries = await readdir(paths.branches, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

/**
 * Newest first; `folder` is where the version lies now. Without a readable version.json there is
 * none.
 */
export async function listVersions(
  paths: Pick<WorkspacePaths, 'versions'>,
): Promise<readonly VersionFile[]> {
  const versions: VersionFile[] = [];
  for (const name of await readdir(paths.versions).catch(() => [])) {
    if (!isVersionName(name)) continue;
    const folder = path.join(paths.versions, name);
    const version = await readOrNull(path.join(folder, 'version.json'), versionFile);
    if (version !== null) versions.push({ ...version, folder });
  }
  return versions.sort((a, b) => b.number - a.number);
}

/** The last `limit` lines of the journal, newest first. Throws what the disk throws. */
export async function readJournal(folder: string, limit: number): Promise<JournalEntry[]> {
  const names = (await readdir(folder).catch(() => [])).filter(isJournalFileName).sort().reverse();
  const entries: JournalEntry[] = [];
  for (const name of names) {
    const lines = await readJsonLines(path.join(folder, name));
    for (const line of lines.reverse()) {
      const entry = journalFile.parse(line);
      if (entry !== null) entries.push(entry);
      if (entries.length >= limit) return entries;
    }
  }
  return entries;
}

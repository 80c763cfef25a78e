/**
 * `current_model/lineage.json`: read, or recovered from its last good copy or the checkpoints when
 * it is damaged.
 */
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from '../../contract/index.ts';
import {
  checkpointStep,
  lastGoodOf,
  type Lineage,
  lineageFile,
  listBranchFolders,
  readLineageFile,
  readOrNull,
  type Recovered,
  writeWithLastGood,
} from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { writeJson } from '../../kit/files.ts';

export type { BranchEntry, Lineage } from '../../formats/index.ts';

/** What was wrong with lineage.json, and what was used instead of it. */
export interface LineageRecovery {
  readonly problem: string;
  /** Null: there was no copy and no checkpoint, so the lineage starts again. */
  readonly used: Recovered<Lineage>['recovered'];
  /** The whole story, for people. */
  readonly text: string;
}

export interface LineageReading {
  /** Null when no lineage was started. */
  readonly lineage: Lineage | null;
  /** Null: the file is good, or there is none. */
  readonly recovery: LineageRecovery | null;
}

/**
 * Refusal NOT_READY for a file from a newer version, and for a damaged one that checkpoints exist
 * without but can't replace: a new lineage must not silently replace one with trained weights.
 * Throws what the disk throws.
 */
export async function readLineage(paths: WorkspacePaths): Promise<LineageReading> {
  const { value, recovered, problem, isNewer } = await readLineageFile(paths);
  if (isNewer)
    throw new Refusal('NOT_READY', `${problem ?? paths.lineage}.`, {
      subject: paths.lineage,
      next: 'Start the version of Nightshift that wrote it, or a newer one.',
    });
  if (problem === null) return { lineage: value, recovery: null };
  if (value === null && (await hasCheckpointFolders(paths)))
    throw new Refusal(
      'NOT_READY',
      `${problem}. It has no readable copy and can't be rebuilt from the checkpoints in ${paths.branches}.`,
      {
        subject: paths.lineage,
        next: 'Copy lineage.json from a backup of the model, then start the engine again.',
      },
    );
  const text = `${problem}. ${outcomeText(value, recovered)}`;
  return { lineage: value, recovery: { problem, used: recovered, text } };
}

export async function writeLineage(paths: WorkspacePaths, lineage: Lineage): Promise<void> {
  await mkdir(path.dirname(paths.lineage), { recursive: true });
  await writeWithLastGood(paths.lineage, lineageFile.toJson(lineage));
}

/**
 * Workspaces of earlier versions have no copy yet, and a crash between the file and its copy leaves
 * an old one. A copy that can't be written is only missed once lineage.json is damaged.
 */
export async function updateLastGood(paths: WorkspacePaths, lineage: Lineage): Promise<void> {
  const file = lastGoodOf(paths.lineage);
  const copy = await readOrNull(file, lineageFile);
  if (JSON.stringify(copy) === JSON.stringify(lineage)) return;
  await writeJson(file, lineageFile.toJson(lineage)).catch(() => undefined);
}

async function hasCheckpointFolders(paths: WorkspacePaths): Promise<boolean> {
  for (const branch of await listBranchFolders(paths)) {
    const names = await readdir(paths.checkpoints(branch));
    if (names.some((name) => checkpointStep(name) !== null)) return true;
  }
  return false;
}

function outcomeText(lineage: Lineage | null, recovered: Recovered<Lineage>['recovered']): string {
  if (lineage === null)
    return 'There is no checkpoint to rebuild it from, so the lineage starts again from the selected base model.';
  const point = `${lineage.branch}, ${lineage.head === null ? 'no step yet' : `step ${lineage.head}`}`;
  return recovered === 'rebuilt'
    ? `It was rebuilt from the checkpoints (${point}).`
    : `Its last good copy was used instead (${point}).`;
}

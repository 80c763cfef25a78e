/** Who can read the workspace. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { privatePlaces } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

const OTHERS = 0o077;
export interface OpenPlace {
  /** Relative to the workspace. */
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
}

/** What other accounts can open; null where permissions are not modes. */
export async function readOpenPlaces(paths: WorkspacePaths): Promise<readonly OpenPlace[] | null> {
  if (process.platform === 'win32') return null;
  if (((await stat(paths.root)).mode & OTHERS) === 0) return [];
  const open: OpenPlace[] = [];
  for (const place of privatePlaces(paths)) {
    const facts = await stat(place).catch(() => null);
    if (facts === null || (facts.mode & OTHERS) === 0) continue;
    open.push({ name: path.relative(paths.root, place), mode: facts.mode & 0o777 });
  }
  return open;
}

/** Checks a folder before the application restarts with it as its workspace. */
import { constants } from 'node:fs';
import { access, mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** What every workspace has, also before its first dataset. */
const WORKSPACE_PARTS = ['inbox', 'data', 'models'];
/** A configuration may be there before the workspace. */
const ALLOWED = ['config.json'];

/**
 * Creates the folder if it doesn't exist. Returns what is wrong with it and what to do, or null. A
 * folder with other files is refused, because the workspace would be mixed with them.
 */
export async function prepareWorkspace(folder: unknown, current: string): Promise<string | null> {
  if (typeof folder !== 'string' || folder.trim() === '') return 'Enter the path of a folder.';
  if (!path.isAbsolute(folder)) return 'Enter the whole path, from the root of the disk.';
  if (path.resolve(folder) === path.resolve(current)) return 'This workspace is open.';
  try {
    await mkdir(folder, { recursive: true });
    if (!(await stat(folder)).isDirectory()) return `${folder} is not a folder.`;
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
    const isWorkspace = WORKSPACE_PARTS.every((name) => names.includes(name));
    if (!isWorkspace && !names.every((name) => ALLOWED.includes(name)))
      return `${folder} has other files in it. Choose an empty or new folder.`;
    return null;
  } catch (error) {
    return reasonOf(folder, error);
  }
}

function reasonOf(folder: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST' || code === 'ENOTDIR') return `${folder} is not a folder.`;
  if (code === 'EACCES' || code === 'EPERM')
    return `${folder} can't be written. Choose a folder of your own.`;
  if (code === 'EROFS') return `${folder} is on a read-only disk. Choose a folder on another disk.`;
  if (code === 'ENOSPC') return `${folder} can't be created: the disk is full.`;
  return `${folder} can't be used: ${message}`;
}

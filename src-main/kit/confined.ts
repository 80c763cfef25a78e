/**
 * Removing and renaming inside a folder that somebody else may have prepared. A link in place of a
 * parent folder would otherwise lead the removal to files that the program doesn't own.
 */
import { realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from './system-errors.ts';

/** True for the folder itself and for everything below it. Pure. */
export function isInside(folder: string, target: string): boolean {
  const relative = path.relative(folder, target);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/**
 * `target` with its parent resolved. Throws ENOENT when that doesn't exist, and EOUTSIDE when it
 * lies outside `folder`, which may itself be reached through a link.
 */
export async function confined(folder: string, target: string): Promise<string> {
  const name = path.basename(target);
  const parent = await realpath(path.dirname(target));
  const isPlain = name !== '' && name !== '.' && name !== '..';
  if (isPlain && isInside(await realpath(folder), parent)) return path.join(parent, name);
  throw Object.assign(new Error(`${target} leads out of ${folder}, so it is left alone`), {
    code: 'EOUTSIDE',
    path: target,
  });
}

/** Removes a file, a folder with its content, or a link itself. Nothing when it doesn't exist. */
export async function removeInside(folder: string, target: string): Promise<void> {
  let place: string;
  try {
    place = await confined(folder, target);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  await rm(place, { recursive: true, force: true });
}

/** Both names lie in `folder`. */
export async function renameInside(folder: string, from: string, to: string): Promise<void> {
  await rename(await confined(folder, from), await confined(folder, to));
}

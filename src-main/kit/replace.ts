/** Replaces a small file only while it is what its reader saw, for files that others write too. */
import { closeSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryPath, throughTemporary } from './files.ts';
import { openRegularSync } from './regular-file.ts';

const OWNER_ONLY = 0o600;

/**
 * Atomic and durable. `before`: the content that was read, null: there was no file. False: somebody
 * else wrote it meanwhile, and it stays as it is.
 */
export function replaceUnchanged(
  target: string,
  before: string | null,
  text: string,
): Promise<boolean> {
  return throughTemporary(target, text, (temporary) => {
    // Compared and renamed in one turn, so that nothing of this process comes in between.
    const isUnchanged = readTextNow(target) === before;
    if (isUnchanged) renameSync(temporary, target);
    return isUnchanged;
  });
}

/** Without a turn of the event loop, so that no other writer of this process comes first. */
export function replaceAtOnce(target: string, text: string): void {
  mkdirSync(path.dirname(target), { recursive: true });
  const temporary = temporaryPath(target);
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode: OWNER_ONLY, flush: true });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The content of a small regular file, without a turn of the event loop; null if it does not exist. */
export function readTextNow(file: string): string | null {
  try {
    const descriptor = openRegularSync(file);
    try {
      return readFileSync(descriptor, 'utf8');
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

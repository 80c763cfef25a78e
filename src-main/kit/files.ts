/** Atomic and durable file operations. */
import { constants } from 'node:fs';
import { access, copyFile, lstat, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { openAppend, readRegularText } from './regular-file.ts';
import { ifMissing } from './system-errors.ts';

/** Makes a rename durable. Windows can't sync folders; NTFS journals the rename itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const OWNER_ONLY = 0o600;

/** A name that nobody can have taken before. */
export const temporaryPath = (target: string): string =>
  path.join(
    path.dirname(target),
    `.${path.basename(target)}.${String(process.pid)}.${randomBytes(6).toString('hex')}.tmp`,
  );

/**
 * Replaces a file atomically: writes a temporary file in the same folder, fsyncs it, renames it,
 * fsyncs the folder.
 */
export async function writeText(target: string, text: string): Promise<void> {
  await throughTemporary(target, text, (temporary) => replace(temporary, target));
}

/** Writes a temporary file durably, for `put` to rename; one that it leaves is removed. */
export async function throughTemporary<T>(
  target: string,
  text: string,
  put: (temporary: string) => T | Promise<T>,
): Promise<T> {
  await mkdir(path.dirname(target), { recursive: true });
  const temporary = temporaryPath(target);
  try {
    const handle = await open(temporary, 'wx', OWNER_ONLY);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const result = await put(temporary);
    await syncFolder(path.dirname(target));
    return result;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A folder in place of the file is kept beside it, because somebody put it there. */
async function replace(temporary: string, target: string): Promise<void> {
  try {
    await rename(temporary, target);
  } catch (error) {
    if (!(await lstat(target).catch(() => null))?.isDirectory()) throw error;
    await rename(target, asidePath(target));
    await rename(temporary, target);
  }
}

/** Where what is damaged is kept, beside its place. */
export const asidePath = (target: string): string =>
  `${target}.damaged-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}-${randomBytes(2).toString('hex')}`;

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

export function writeJson(target: string, value: unknown): Promise<void> {
  return writeText(target, jsonText(value));
}

/**
 * The parsed file; null if it does not exist. Throws an error with the path if it is not valid
 * JSON.
 */
export async function readJson(target: string): Promise<unknown> {
  let text: string;
  try {
    text = await readRegularText(target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`${target} is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Appends a JSON line with a single write, so that lines of concurrent writers don't mix. */
export async function appendLine(target: string, value: unknown): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const handle = await openAppend(target);
  try {
    await handle.write(`${JSON.stringify(value)}\n`);
  } finally {
    await handle.close();
  }
}

/** Moves a file within a file system, durably. Throws EEXIST instead of overwriting. */
export async function moveFile(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  const taken = await access(to, constants.F_OK).then(() => true, ifMissing(false));
  if (taken) throw Object.assign(new Error(`${to} already exists`), { code: 'EEXIST' });
  await rename(from, to);
  await syncFolder(path.dirname(to));
  if (path.dirname(from) !== path.dirname(to)) await syncFolder(path.dirname(from));
}

/** Copies a file, as a reflink where supported. The target appears only when it is complete. */
export async function copyInto(
  from: string,
  to: string,
  onProgress: (bytes: number) => void = () => undefined,
): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  const temporary = temporaryPath(to);
  try {
    await copyFile(from, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    const handle = await open(temporary, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    onProgress((await stat(temporary)).size);
    await moveFile(temporary, to);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

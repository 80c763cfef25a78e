/** `pass.json` and `cursor.json` of a dataset's folder. */
import path from 'node:path';
import {
  type Cursor,
  cursorFile,
  lastGoodOf,
  type PassFile,
  passFile,
  readOrNull,
  readWithFallback,
  type Recovered,
  writeFormat,
  writeWithLastGood,
} from '../../formats/index.ts';
import { removeInside } from '../../kit/confined.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export type { Cursor, PassFile } from '../../formats/index.ts';

const passPath = (folder: string): string => path.join(folder, 'pass.json');
const cursorPath = (folder: string): string => path.join(folder, 'cursor.json');

/** A damaged file is read from its last good copy. Throws what the disk throws. */
export function recoverPass(folder: string): Promise<Recovered<PassFile>> {
  const file = passPath(folder);
  return readWithFallback({ file, format: passFile, lastGood: lastGoodOf(file) });
}

/** Null: there is none that can be read; the dataset begins a new pass. */
export async function readPass(folder: string): Promise<PassFile | null> {
  const recovered = await recoverPass(folder).catch(unlessTemporary(null));
  return recovered?.value ?? null;
}

/** Like `readPass`, but throws what the disk throws: a disk error is not a missing pass. */
export async function requirePass(folder: string): Promise<PassFile | null> {
  return (await recoverPass(folder)).value;
}

export const writePass = (folder: string, pass: PassFile): Promise<void> =>
  writeWithLastGood(passPath(folder), passFile.toJson(pass));

export const readCursor = (folder: string): Promise<Cursor | null> =>
  readOrNull(cursorPath(folder), cursorFile);

export const writeCursor = (folder: string, cursor: Omit<Cursor, 'format'>): Promise<void> =>
  writeFormat(cursorPath(folder), cursorFile, cursor);

export const removeCursor = (folder: string): Promise<void> =>
  removeInside(folder, cursorPath(folder));

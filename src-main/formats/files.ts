/** Reading and writing a file in its format; a damaged one from its last good copy, or rebuilt. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import {
  isNotRegular,
  readRegularText,
  readSealed,
  unlessTemporary,
  writeJson,
} from '../kit/index.ts';
import type { FileFormat, JsonObject, Reading } from './document.ts';

export interface Recovered<T> {
  /** Null: the file doesn't exist, or nothing of it could be read or rebuilt. */
  readonly value: T | null;
  /** Where the value is from when the file itself is damaged or missing; null: from the file. */
  readonly recovered: 'from last good copy' | 'rebuilt' | null;
  /** What is wrong with the file, one sentence; null: nothing, or it doesn't exist. */
  readonly problem: string | null;
  /** A newer version of Nightshift wrote it: the caller must refuse, and must not write to it. */
  readonly isNewer: boolean;
}

/** Hidden, beside the file. */
export const lastGoodOf = (file: string): string =>
  path.join(path.dirname(file), `.${path.basename(file)}.last-good`);

/**
 * Null when there is no such file. Throws what the disk throws: a disk error is no damaged file.
 */
export async function readFormat<T>(
  file: string,
  format: FileFormat<T>,
): Promise<Reading<T> | null> {
  let content: string;
  try {
    content = await readRegularText(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (isNotRegular(error))
      return { ok: false, reason: 'invalid', problem: (error as Error).message };
    throw error;
  }
  return format.parseText(content, file);
}

/**
 * Null for a file that is missing, damaged or can't be used. Throws while the system can't say which
 * (too many open files, no memory): unknown is not none.
 */
export async function readOrNull<T>(file: string, format: FileFormat<T>): Promise<T | null> {
  const reading = await readFormat(file, format).catch(unlessTemporary(null));
  return reading?.ok === true ? reading.value : null;
}

export function writeFormat<T>(
  file: string,
  format: FileFormat<T>,
  value: Omit<T, 'format'>,
): Promise<void> {
  return writeJson(file, format.toJson(value));
}

export type SealedFormatReading<T> =
  /** `sealed: false`: written before seals were, so nothing is known of its bytes. */
  | { readonly ok: true; readonly sealed: boolean; readonly value: T }
  | { readonly ok: false; readonly missing: boolean; readonly problem: string };

/** The seal is compared with the bytes before old names are mapped. Throws temporary errors only. */
export async function readSealedFormat<T>(
  file: string,
  format: FileFormat<T>,
): Promise<SealedFormatReading<T>> {
  const sealed = await readSealed(file);
  if (!sealed.ok) return sealed;
  const reading = format.parse(sealed.value, path.basename(file));
  return reading.ok
    ? { ok: true, sealed: sealed.sealed, value: reading.value }
    : { ok: false, missing: false, problem: reading.problem };
}

/**
 * A cut, empty or invalid file is read from its last good copy, else rebuilt. A missing one is only
 * rebuilt: somebody may have removed it on purpose, and the copy would bring it back. A newer one
 * is neither. `rebuild` returns null when there is nothing to rebuild from.
 */
export async function readWithFallback<T>(options: {
  readonly file: string;
  readonly format: FileFormat<T>;
  readonly lastGood?: string | null;
  readonly rebuild?: () => Promise<T | null> | T | null;
}): Promise<Recovered<T>> {
  const { file, format, lastGood = null, rebuild } = options;
  const reading = await readFormat(file, format);
  if (reading?.ok === true)
    return { value: reading.value, recovered: null, problem: null, isNewer: false };
  const problem = reading?.problem ?? null;
  if (reading?.reason === 'newer_format')
    return { value: null, recovered: null, problem, isNewer: true };
  if (reading !== null && lastGood !== null) {
    const copy = await readFormat(lastGood, format).catch(unlessTemporary(null));
    if (copy?.ok === true)
      return { value: copy.value, recovered: 'from last good copy', problem, isNewer: false };
  }
  const rebuilt = (await rebuild?.()) ?? null;
  return {
    value: rebuilt,
    recovered: rebuilt === null ? null : 'rebuilt',
    problem: rebuilt === null ? problem : (problem ?? `${file} is missing`),
    isNewer: false,
  };
}

/**
 * The file first, then its copy with the same content. A hard link would share the file's blocks,
 * and so its damage; a copy of the content before would be one change behind. A copy that can't be
 * written is removed, because an old state is worse than none.
 */
export async function writeWithLastGood(file: string, value: JsonObject): Promise<void> {
  await writeJson(file, value);
  const copy = lastGoodOf(file);
  await writeJson(copy, value).catch(() => rm(copy, { force: true }).catch(() => undefined));
}

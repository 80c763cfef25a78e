/**
 * JSON files with a checksum: the last field is the SHA-256 of all bytes before it. Detects changes
 * that are still valid JSON, such as a flipped bit in a number.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { writeText } from './files.ts';
import { readRegular } from './regular-file.ts';
import { isTemporary } from './system-errors.ts';

const OPENING = ',\n "seal": "';
const CLOSING = '"\n}\n';
const DIGITS = 64;

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The file content. `value` must have at least one field and none named `seal`. */
export function sealedText(value: Readonly<Record<string, unknown>>): string {
  const body = JSON.stringify(value, null, 1).slice(0, -2);
  return body + OPENING + sha256(body) + CLOSING;
}

export function writeSealed(
  target: string,
  value: Readonly<Record<string, unknown>>,
): Promise<void> {
  return writeText(target, sealedText(value));
}

export type SealedReading =
  /**
   * `sealed: false`: the file has no seal (written by an older version), so it can't be verified.
   */
  | { readonly ok: true; readonly sealed: boolean; readonly value: Record<string, unknown> }
  | { readonly ok: false; readonly missing: boolean; readonly problem: string };

/** Read errors are returned as `problem`, but a temporary one is thrown: it says nothing of the file. */
export async function readSealed(target: string): Promise<SealedReading> {
  const name = path.basename(target);
  const failure = (problem: string, missing = false): SealedReading => ({
    ok: false,
    missing,
    problem,
  });
  let bytes: Buffer;
  try {
    bytes = await readRegular(target);
  } catch (error) {
    if (isTemporary(error)) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? failure(`${name} is missing`, true)
      : failure(`can't read ${name} (${code})`);
  }
  const end = bytes.length - CLOSING.length - DIGITS - OPENING.length;
  const seal = bytes.subarray(-CLOSING.length - DIGITS, -CLOSING.length).toString('latin1');
  const sealed =
    end > 0 &&
    bytes.subarray(end, end + OPENING.length).equals(Buffer.from(OPENING)) &&
    bytes.subarray(-CLOSING.length).equals(Buffer.from(CLOSING)) &&
    sha256(bytes.subarray(0, end)) === seal;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return failure(`${name} is not valid JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return failure(`${name} is not valid JSON`);
  const { seal: named, ...content } = value as Record<string, unknown>;
  if (!sealed && named !== undefined)
    return failure(`the content of ${name} has changed (checksum mismatch)`);
  return { ok: true, sealed, value: content };
}

/**
 * JSON that says of itself whether it is what was written: its last field is the SHA-256 of the text before it. A flipped bit in a
 * number is still good JSON, so the seal covers the bytes, not the meaning.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeText } from './files.ts';

const opening = ',\n "seal": "';
const closing = '"\n}\n';
const digits = 64;

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The text of the file. `value` has at least one field, and none named `seal`. */
export function sealedText(value: Readonly<Record<string, unknown>>): string {
  const body = JSON.stringify(value, null, 1).slice(0, -2);
  return body + opening + sha256(body) + closing;
}

export function writeSealed(
  target: string,
  value: Readonly<Record<string, unknown>>,
): Promise<void> {
  return writeText(target, sealedText(value));
}

export type SealedReading =
  /** `sealed: false`: it never had a seal (it was written before seals were), so nothing is known of its bytes. */
  | { readonly ok: true; readonly sealed: boolean; readonly value: Record<string, unknown> }
  | { readonly ok: false; readonly missing: boolean; readonly problem: string };

/** Never throws: what cannot be read is a problem with a sentence. */
export async function readSealed(target: string): Promise<SealedReading> {
  const name = path.basename(target);
  const no = (problem: string, missing = false): SealedReading => ({ ok: false, missing, problem });
  let bytes: Buffer;
  try {
    bytes = await readFile(target);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? no(`${name} is missing`, true)
      : no(`${name} cannot be read (${code})`);
  }
  const end = bytes.length - closing.length - digits - opening.length;
  const seal = bytes.subarray(-closing.length - digits, -closing.length).toString('latin1');
  const sealed =
    end > 0 &&
    bytes.subarray(end, end + opening.length).equals(Buffer.from(opening)) &&
    bytes.subarray(-closing.length).equals(Buffer.from(closing)) &&
    sha256(bytes.subarray(0, end)) === seal;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return no(`${name} cannot be read`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return no(`${name} cannot be read`);
  const { seal: named, ...content } = value as Record<string, unknown>;
  if (!sealed && named !== undefined) return no(`the content of ${name} is not what was written`);
  return { ok: true, sealed, value: content };
}

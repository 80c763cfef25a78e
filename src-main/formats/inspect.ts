/** Damage in the JSON files of a workspace: found without changing them, and kept before they change. */
import { copyFile, lstat, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import {
  asidePath,
  isNotRegular,
  isTemporary,
  openRegular,
  readSealed,
  sha256File,
  unlessTemporary,
} from '../kit/index.ts';
import { parseJson, isObject } from './document.ts';
import { readFormat } from './files.ts';
import { eventsFile } from './events.ts';
import type { WorkspaceFile } from './workspace-files.ts';

export interface FileProblem {
  readonly file: string;
  /** One sentence without a period that names the file by its path. */
  readonly problem: string;
  /** What it means, and what is done about it. */
  readonly effect: string;
}

/** Longer files are checked at both ends. */
const WHOLE_BYTES = 1 << 23;
const PART_BYTES = 1 << 20;

/** null: the file is good, or there is none. Throws while nothing is known of it. */
export async function inspectFile(entry: WorkspaceFile): Promise<FileProblem | null> {
  const { file, format } = entry;
  let problem: string | null;
  try {
    problem = format.kind === 'lines' ? await linesProblem(entry) : await documentProblem(entry);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (isTemporary(error)) throw error;
    problem = isNotRegular(error) ? message : `${file} can't be read (${code ?? message})`;
  }
  return problem === null ? null : { file, problem, effect: format.damaged };
}

async function documentProblem({ file, format }: WorkspaceFile): Promise<string | null> {
  if (format.kind !== 'document') return null;
  const reading = await readFormat(file, format);
  if (reading === null) return null;
  if (!reading.ok) return reading.problem;
  if (!format.writer.includes('sealed')) return null;
  const sealed = await readSealed(file);
  return sealed.ok ? null : `${file}: ${sealed.problem}`;
}

/** A last line without its newline is being written, or was cut by a crash: its writer repairs it. */
async function linesProblem({ file, format }: WorkspaceFile): Promise<string | null> {
  if (format.kind !== 'lines') return null;
  const handle = await openRegular(file);
  try {
    const { size } = await handle.stat();
    const starts = size <= WHOLE_BYTES ? [0] : [0, size - PART_BYTES];
    let bad = 0;
    for (const start of starts) {
      const length = size <= WHOLE_BYTES ? size : PART_BYTES;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
      lines.pop();
      if (start > 0) lines.shift();
      // Events of a later version are passed over, so only their form is checked.
      bad += lines.filter(
        (line) =>
          line !== '' &&
          (format === eventsFile ? !isJsonObject(line) : format.parseLine(line) === null),
      ).length;
      if (size > 0 && lines.length === 0 && buffer[0] === 0) bad += 1;
    }
    if (bad === 0) return null;
    return `${file} has ${String(bad)} ${bad === 1 ? 'line' : 'lines'} that can't be read`;
  } finally {
    await handle.close();
  }
}

function isJsonObject(line: string): boolean {
  const value = parseJson(line);
  return value.ok && isObject(value.value);
}

/**
 * Keeps what a damaged file holds before the engine writes it again; returns where. null: there is
 * nothing to keep, or it was kept before. `canMove`: a file that can't be read is moved instead.
 */
export async function keepDamaged(file: string, canMove = false): Promise<string | null> {
  const facts = await lstat(file).catch(() => null);
  if (facts?.isFile() !== true || facts.size === 0) return null;
  const prefix = `${path.basename(file)}.damaged-`;
  const folder = path.dirname(file);
  for (const name of await readdir(folder))
    if (name.startsWith(prefix)) {
      if (await isSameContent(path.join(folder, name), file)) return null;
    }
  const aside = asidePath(file);
  try {
    await copyFile(file, aside);
  } catch (error) {
    if (!canMove || (error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    await rename(file, aside);
  }
  return aside;
}

/** False when one of them can't be read. */
async function isSameContent(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [a, b].map((file) => sha256File(file).catch(unlessTemporary(null))),
  );
  return first !== null && first === second;
}

/**
 * Moves a folder, a pipe or a link out of the way of a file that is appended to, which would fail
 * for ever; returns where. null: it is a regular file, or there is none.
 */
export async function moveAside(file: string): Promise<string | null> {
  const facts = await lstat(file).catch(() => null);
  if (facts === null || facts.isFile()) return null;
  const aside = asidePath(file);
  await rename(file, aside);
  return aside;
}

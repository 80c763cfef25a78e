/** Files that are either the old or the new, never half. */
import { constants } from 'node:fs';
import { access, copyFile, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/** Makes a rename durable. Windows has no folder sync: there the rename itself is journalled by the file system. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

let serial = 0;
const beside = (target: string): string =>
  path.join(
    path.dirname(target),
    `.${path.basename(target)}.${String(process.pid)}.${String(serial++)}.tmp`,
  );

/** Replaces a file's text atomically: temporary name in the same folder, fsync, rename, fsync of the folder. */
export async function writeText(target: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const temporary = beside(target);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(path.dirname(target));
}

export function writeJson(target: string, value: unknown): Promise<void> {
  return writeText(target, `${JSON.stringify(value, null, 1)}\n`);
}

/** The parsed file, null when it does not exist. Throws on broken JSON, naming the file. */
export async function readJson(target: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(target, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`${target} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Adds one line; a single write, so that lines of two writers never mix. */
export async function appendLine(target: string, value: unknown): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const handle = await open(target, 'a');
  try {
    await handle.write(`${JSON.stringify(value)}\n`);
  } finally {
    await handle.close();
  }
}

/** Moves a file within one file system; refuses to overwrite. The rename is the commit. */
export async function moveFile(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  const taken = await access(to, constants.F_OK).then(
    () => true,
    () => false,
  );
  if (taken) throw Object.assign(new Error(`${to} exists already`), { code: 'EEXIST' });
  await rename(from, to);
  await syncFolder(path.dirname(to));
  if (path.dirname(from) !== path.dirname(to)) await syncFolder(path.dirname(from));
}

/** Copies a file: shared blocks where the file system can, else bytes; appears under its name only when complete. */
export async function copyInto(
  from: string,
  to: string,
  onProgress: (bytes: number) => void = () => undefined,
): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  const temporary = beside(to);
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

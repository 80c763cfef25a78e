/** Lists a folder and compares it with a list of file sizes and SHA-256 hashes. */
import type { Dirent } from 'node:fs';
import { readdir, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isInside } from './confined.ts';
import { sha256File } from './hash.ts';
import { isTemporary, unlessTemporary } from './system-errors.ts';

export interface FileFacts {
  readonly size: number;
  readonly sha256: string;
}
export type FileList = Readonly<Record<string, FileFacts>>;

export interface FoundFile {
  /** Relative path with `/`. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}

export interface FolderContent {
  /** Sorted by name. */
  readonly files: readonly FoundFile[];
  /** Subfolders, parents before children. */
  readonly folders: readonly string[];
  /** Symbolic links with their literal targets. */
  readonly links: readonly { readonly name: string; readonly target: string }[];
  /** Links whose target is outside the folder. */
  readonly outside: readonly string[];
  /** Sockets, pipes and devices. */
  readonly special: readonly string[];
}

/** Lists a folder recursively without following links. Throws file system errors. */
export async function readFolder(root: string): Promise<FolderContent> {
  const content = {
    files: [] as FoundFile[],
    folders: [] as string[],
    links: [] as { name: string; target: string }[],
    outside: [] as string[],
    special: [] as string[],
  };
  const realRoot = await realpath(root);
  const addEntry = async (entry: Dirent, folder: string): Promise<void> => {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    const entryPath = path.join(realRoot, name);
    if (entry.isDirectory()) {
      content.folders.push(name);
      await addFolder(name);
    } else if (entry.isSymbolicLink()) {
      content.links.push({ name, target: await readlink(entryPath) });
      if (!(await pointsInside(realRoot, entryPath))) content.outside.push(name);
    } else if (entry.isFile()) {
      const { size, mode } = await stat(entryPath);
      content.files.push({ name, path: entryPath, size, mode: mode & 0o777 });
    } else content.special.push(name);
  };
  const addFolder = async (folder: string): Promise<void> => {
    const entries = await readdir(path.join(realRoot, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
      await addEntry(entry, folder);
  };
  await addFolder('');
  return content;
}

/**
 * True for a relative link to a target inside the folder, which stays valid if the folder is copied
 * elsewhere.
 */
async function pointsInside(root: string, link: string): Promise<boolean> {
  const target = await readlink(link);
  if (path.isAbsolute(target)) return false;
  const real = await realpath(link).catch(() => path.resolve(path.dirname(link), target));
  return isInside(root, real);
}

/** Describes the first file that is missing or has a different size; null if there is none. */
export async function sizeDifference(folder: string, files: FileList): Promise<string | null> {
  for (const [name, { size }] of Object.entries(files)) {
    const found = await stat(path.join(folder, name)).catch(unlessTemporary(null));
    if (found === null) return `${name} is missing`;
    if (found.size !== size)
      return `${name} has ${String(found.size)} bytes, expected ${String(size)}`;
  }
  return null;
}

/**
 * Describes the first file that is missing or differs in size or content; null if all files match.
 * `onFile` is called for each file that matches.
 */
export async function firstDifference(
  folder: string,
  files: FileList,
  onFile: (name: string, facts: FileFacts) => void = () => undefined,
): Promise<string | null> {
  for (const [name, facts] of Object.entries(files)) {
    const difference = await sizeDifference(folder, { [name]: facts });
    if (difference !== null) return difference;
    const hash = await sha256File(path.join(folder, name)).catch((error: unknown) => {
      if (isTemporary(error)) throw error;
      return error as NodeJS.ErrnoException;
    });
    if (typeof hash !== 'string') return `can't read ${name} (${hash.code ?? hash.message})`;
    if (hash !== facts.sha256) return `the content of ${name} has changed (SHA-256 mismatch)`;
    onFile(name, facts);
  }
  return null;
}

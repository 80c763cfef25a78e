/** What lies in a folder, and whether it is what a list of sizes and SHA-256 says. */
import type { Dirent } from 'node:fs';
import { readdir, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { sha256File } from './hash.ts';

export interface FileFacts {
  readonly size: number;
  readonly sha256: string;
}
export type FileList = Readonly<Record<string, FileFacts>>;

export interface FoundFile {
  /** Inside the folder, with `/`. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}

export interface FolderContent {
  /** By name. */
  readonly files: readonly FoundFile[];
  /** Folders inside, parents before their children. */
  readonly folders: readonly string[];
  /** Symbolic links and where they point, as written. */
  readonly links: readonly { readonly name: string; readonly target: string }[];
  /** Links whose target lies outside of the folder. */
  readonly outside: readonly string[];
  /** Neither file, folder nor link: sockets, pipes, devices. */
  readonly special: readonly string[];
}

/** Reads a folder to its last level; links are not followed. Throws what the file system throws. */
export async function readFolder(root: string): Promise<FolderContent> {
  const content = {
    files: [] as FoundFile[],
    folders: [] as string[],
    links: [] as { name: string; target: string }[],
    outside: [] as string[],
    special: [] as string[],
  };
  const whole = await realpath(root);
  const look = async (entry: Dirent, inside: string): Promise<void> => {
    const name = inside === '' ? entry.name : `${inside}/${entry.name}`;
    const at = path.join(whole, name);
    if (entry.isDirectory()) {
      content.folders.push(name);
      await walk(name);
    } else if (entry.isSymbolicLink()) {
      content.links.push({ name, target: await readlink(at) });
      if (!(await pointsInside(whole, at))) content.outside.push(name);
    } else if (entry.isFile()) {
      const { size, mode } = await stat(at);
      content.files.push({ name, path: at, size, mode: mode & 0o777 });
    } else content.special.push(name);
  };
  const walk = async (inside: string): Promise<void> => {
    const entries = await readdir(path.join(whole, inside), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
      await look(entry, inside);
  };
  await walk('');
  return content;
}

/** A relative link whose target stays inside keeps its meaning wherever the folder is put; an absolute one does not. */
async function pointsInside(whole: string, link: string): Promise<boolean> {
  const target = await readlink(link);
  if (path.isAbsolute(target)) return false;
  const real = await realpath(link).catch(() => path.resolve(path.dirname(link), target));
  const from = path.relative(whole, real);
  return from !== '..' && !from.startsWith(`..${path.sep}`) && !path.isAbsolute(from);
}

/** The first file that is missing or has another size than listed; null: none. */
export async function sizeDifference(folder: string, files: FileList): Promise<string | null> {
  for (const [name, { size }] of Object.entries(files)) {
    const found = await stat(path.join(folder, name)).catch(() => null);
    if (found === null) return `${name} is missing`;
    if (found.size !== size)
      return `${name} has ${String(found.size)} bytes instead of ${String(size)}`;
  }
  return null;
}

/**
 * The first difference between the files of a folder and a list: missing, another size, another content. null: every byte is as listed.
 * `onFile` hears of each file that is as listed.
 */
export async function firstDifference(
  folder: string,
  files: FileList,
  onFile: (name: string, facts: FileFacts) => void = () => undefined,
): Promise<string | null> {
  for (const [name, facts] of Object.entries(files)) {
    const difference = await sizeDifference(folder, { [name]: facts });
    if (difference !== null) return difference;
    const is = await sha256File(path.join(folder, name)).catch(
      (error: unknown) => error as NodeJS.ErrnoException,
    );
    if (typeof is !== 'string') return `${name} cannot be read (${is.code ?? is.message})`;
    if (is !== facts.sha256) return `the content of ${name} is not what was written`;
    onFile(name, facts);
  }
  return null;
}

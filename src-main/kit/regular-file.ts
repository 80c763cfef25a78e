/**
 * Opens files of a folder that somebody else may have prepared: only regular files, and never a
 * wait. A pipe would block its reader for ever, a device would never end, and a link would lead an
 * append out of the folder.
 */
import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

// Windows has neither.
const NO_FOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;
const NO_WAIT = (constants.O_NONBLOCK as number | undefined) ?? 0;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW | NO_WAIT;
const OWNER_ONLY = 0o600;

const CODES = ['EISDIR', 'EFTYPE', 'ENXIO', 'ELOOP'];

/** Whether something else than a regular file has the name. It is damage, not an error of the disk. */
export const isNotRegular = (error: unknown): boolean =>
  CODES.includes((error as NodeJS.ErrnoException | null)?.code ?? '');

function notRegular(path: string, facts: Stats): Error {
  const [code, what] = facts.isDirectory()
    ? ['EISDIR', 'is a folder']
    : ['EFTYPE', 'is a pipe, a socket or a device'];
  return Object.assign(new Error(`${path} ${what}, not a file`), { code, path });
}

async function checked(path: string, handle: FileHandle): Promise<FileHandle> {
  try {
    const facts = await handle.stat();
    if (facts.isFile()) return handle;
    throw notRegular(path, facts);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

type Links = 'follow links' | 'refuse links';
const readFlags = (links: Links): number =>
  constants.O_RDONLY | NO_WAIT | (links === 'refuse links' ? NO_FOLLOW : 0);

/** For reading. Throws what the disk throws, EISDIR, EFTYPE, and ELOOP for a refused link. */
export async function openRegular(
  path: string,
  links: Links = 'follow links',
): Promise<FileHandle> {
  return checked(path, await open(path, readFlags(links)));
}

/** For appending; created for this account only. ELOOP for a link. */
export async function openAppend(path: string): Promise<FileHandle> {
  return checked(path, await open(path, APPEND, OWNER_ONLY));
}

function checkedSync(path: string, descriptor: number): number {
  try {
    const facts = fstatSync(descriptor);
    if (facts.isFile()) return descriptor;
    throw notRegular(path, facts);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** For reading. */
export const openRegularSync = (path: string, links: Links = 'follow links'): number =>
  checkedSync(path, openSync(path, readFlags(links)));

export const openAppendSync = (path: string): number =>
  checkedSync(path, openSync(path, APPEND, OWNER_ONLY));

export async function readRegular(path: string): Promise<Buffer> {
  const handle = await openRegular(path);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

export const readRegularText = async (path: string): Promise<string> =>
  (await readRegular(path)).toString('utf8');

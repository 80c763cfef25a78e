/**
 * The API token of a workspace: created once, readable only by its owner. A token that another
 * account wrote or could read is replaced, and so is one that came with a copy of the workspace:
 * whoever packed that would know it.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readFile } from 'node:fs/promises';
import { unlessTemporary, writeText } from '../kit/index.ts';

const TOKEN_FORMAT = /^[\w-]{32,}$/;
const OTHERS = 0o077;

/** Beside the token: the file that it was written to, which a copy is not. */
const originOf = (path: string): string => `${path}.origin`;

/** Reads the token in `path`, or creates a new one, with mode 0600. */
export async function readOrMakeToken(path: string): Promise<string> {
  const existing = await readToken(path);
  if (existing !== null) return existing;
  const token = randomBytes(32).toString('base64url');
  await writeText(path, `${token}\n`, 0o600);
  await writeText(originOf(path), `${await inodeOf(path)}\n`, 0o600);
  return token;
}

const inodeOf = async (path: string): Promise<string> =>
  String((await lstat(path, { bigint: true })).ino);

/** null for anything but a private file of this account that was written here. */
async function readToken(path: string): Promise<string | null> {
  const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0;
  const noWait = (constants.O_NONBLOCK as number | undefined) ?? 0;
  try {
    const origin = await readFile(originOf(path), 'utf8');
    const handle = await open(path, constants.O_RDONLY | noFollow | noWait);
    try {
      const facts = await handle.stat();
      const isPrivate =
        process.platform === 'win32' ||
        (facts.uid === process.geteuid?.() && (facts.mode & OTHERS) === 0);
      const isHere = origin.trim() === (await inodeOf(path));
      if (!facts.isFile() || facts.nlink > 1 || !isPrivate || !isHere) return null;
      const text = (await handle.readFile('utf8')).trim();
      return TOKEN_FORMAT.test(text) ? text : null;
    } finally {
      await handle.close();
    }
  } catch (error) {
    // A token that can't be read now must not be replaced: every script has it.
    return unlessTemporary(null)(error);
  }
}

/**
 * The API token of a workspace: created once, readable only by its owner. A token that another
 * account wrote or could read is replaced, and so is one that came with a copy of the workspace:
 * whoever packed that would know it. So is one without the note of its origin, which a stranger would
 * only have to leave out; the tokens of earlier versions are therefore replaced once.
 */
import { randomBytes } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { openRegular, readRegularText, unlessTemporary, writeText } from '../kit/index.ts';

const TOKEN_FORMAT = /^[\w-]{32,}$/;
const OTHERS = 0o077;

/** Beside the token: the file that it was written to, which a copy is not. */
const originOf = (path: string): string => `${path}.origin`;

/** Reads the token in `path`, or creates a new one, with mode 0600. */
export async function readOrMakeToken(path: string): Promise<string> {
  const existing = await readToken(path);
  if (existing !== null) return existing;
  const token = randomBytes(32).toString('base64url');
  await writeText(path, `${token}\n`);
  const { ino } = await lstat(path, { bigint: true });
  await writeText(originOf(path), `${String(ino)}\n`);
  return token;
}

/** null for anything but a private file of this account that was written here. */
async function readToken(path: string): Promise<string | null> {
  try {
    const origin = await readRegularText(originOf(path));
    const handle = await openRegular(path, 'refuse links');
    try {
      const facts = await handle.stat({ bigint: true });
      const isPrivate =
        process.platform === 'win32' ||
        (Number(facts.uid) === process.geteuid?.() && (Number(facts.mode) & OTHERS) === 0);
      const isHere = origin.trim() === String(facts.ino);
      if (facts.nlink > 1n || !isPrivate || !isHere) return null;
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

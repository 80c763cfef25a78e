/** The API token of a workspace: created once, readable only by its owner. */
import { randomBytes } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';

const TOKEN_FORMAT = /^[\w-]{32,}$/;

/**
 * Reads the token in `path`, or creates a new one if it is missing or invalid. Sets the file mode
 * to 0600.
 */
export async function readOrMakeToken(path: string): Promise<string> {
  const existing = await readToken(path);
  if (existing !== null) {
    await chmod(path, 0o600);
    return existing;
  }
  const token = randomBytes(32).toString('base64url');
  // Created with mode 0600: a chmod afterwards would leave it readable by others for a moment.
  const temporary = `${path}.${String(process.pid)}.tmp`;
  await writeFile(temporary, `${token}\n`, { mode: 0o600, flag: 'w' });
  await rename(temporary, path);
  return token;
}

async function readToken(path: string): Promise<string | null> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return TOKEN_FORMAT.test(text) ? text : null;
  } catch {
    return null;
  }
}

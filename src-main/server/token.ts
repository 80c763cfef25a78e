/** The token of a workspace: made once, readable by its owner alone. */
import { randomBytes } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';

const shape = /^[\w-]{32,}$/;

/** The token in `path`; a missing or unreadable one is made anew. The file's mode is 0600 afterwards. */
export async function readOrMakeToken(path: string): Promise<string> {
  const known = await readToken(path);
  if (known !== null) {
    await chmod(path, 0o600);
    return known;
  }
  const token = randomBytes(32).toString('base64url');
  // Never readable by others, not even for the moment between writing and chmod.
  const temporary = `${path}.${String(process.pid)}.tmp`;
  await writeFile(temporary, `${token}\n`, { mode: 0o600, flag: 'w' });
  await rename(temporary, path);
  return token;
}

async function readToken(path: string): Promise<string | null> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return shape.test(text) ? text : null;
  } catch {
    return null;
  }
}

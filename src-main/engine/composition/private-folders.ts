/** Makes a workspace of an earlier version private, where the program itself made it readable. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { privatePlaces } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

const OTHERS = 0o077;
/** What earlier versions made, with the usual masks. Any other mode was chosen by somebody. */
const MADE = [0o755, 0o775, 0o644, 0o664];

/** Removes the rights of other accounts. By the open file: a path could lead elsewhere meanwhile. */
export async function makePrivate(paths: WorkspacePaths): Promise<void> {
  if (process.platform === 'win32') return;
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  for (const place of privatePlaces(paths)) {
    const handle = await open(place, flags).catch(() => null);
    if (handle === null) continue;
    try {
      const { uid, mode } = await handle.stat();
      const bits = mode & 0o7777;
      if (uid === process.geteuid?.() && MADE.includes(bits)) await handle.chmod(bits & ~OTHERS);
    } catch {
      // Disks without permissions refuse it; health reports what others can read.
    } finally {
      await handle.close();
    }
  }
}

/**
 * Whether what stopped training may be fixed, so that it is tried again before the next retry is
 * due: somebody changed the checkpoint files. A busy device is a wait of its own.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { NotReady } from './queue-progress.ts';

/** Failures that a change of the checkpoint files can end. */
const OF_CHECKPOINTS = ['no_usable_checkpoint', 'permission_denied', 'disk_error'];

export class MendDetector {
  private readonly checkpointFolder: () => string;
  private watched: { readonly since: number; readonly fingerprint: string } | null = null;

  constructor(checkpointFolder: () => string) {
    this.checkpointFolder = checkpointFolder;
  }

  async isMended({ category, t }: NotReady): Promise<boolean> {
    if (!OF_CHECKPOINTS.includes(category)) return false;
    const fingerprint = await fingerprintOf(this.checkpointFolder());
    const before = this.watched;
    // Each failed attempt sets `t` anew: only changes after it count.
    this.watched = { since: t, fingerprint };
    return before?.since === t && before.fingerprint !== fingerprint;
  }
}

/** Names, sizes, times and permissions of all files below the folder. */
async function fingerprintOf(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const facts = await Promise.all(
    names.sort().map(async (name) => {
      const found = await stat(path.join(folder, name)).catch(() => null);
      return found === null
        ? name
        : `${name} ${found.size} ${found.mtimeMs} ${found.ctimeMs} ${found.mode}`;
    }),
  );
  const own = await stat(folder).catch(() => null);
  return [own?.ctimeMs ?? '', ...facts].join('\n');
}

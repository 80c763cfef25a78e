/**
 * Whether what stopped training may be fixed, so that it is tried again before the next retry is
 * due: somebody changed the checkpoint files. A busy device is a wait of its own.
 */
import { fingerprintOf } from '../../kit/fingerprint.ts';
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

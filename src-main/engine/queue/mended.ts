/**
 * Whether what stopped training may be fixed, so that it is tried again before the next retry is
 * due: the device is free, or somebody changed the checkpoint files.
 */
import { fingerprintOf } from '../../kit/fingerprint.ts';
import { deviceLockFolder, isUsedByOthers } from './devices.ts';
import type { NotReady } from './queue-progress.ts';

/** Failures that a change of the checkpoint files can end. */
const OF_CHECKPOINTS = ['no_usable_checkpoint', 'permission_denied', 'disk_error'];

export class MendDetector {
  private readonly workspace: string;
  private readonly checkpointFolder: () => string;
  private watched: { readonly since: number; readonly fingerprint: string } | null = null;

  constructor(workspace: string, checkpointFolder: () => string) {
    this.workspace = workspace;
    this.checkpointFolder = checkpointFolder;
  }

  async isMended({ category, t }: NotReady): Promise<boolean> {
    if (category === 'device_busy')
      return !(await isUsedByOthers(deviceLockFolder(process.env), this.workspace));
    if (!OF_CHECKPOINTS.includes(category)) return false;
    const fingerprint = await fingerprintOf(this.checkpointFolder());
    const before = this.watched;
    // Each failed attempt sets `t` anew: only changes after it count.
    this.watched = { since: t, fingerprint };
    return before?.since === t && before.fingerprint !== fingerprint;
  }
}

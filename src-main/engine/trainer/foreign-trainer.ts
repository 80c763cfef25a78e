/**
 * A trainer of this workspace that this engine doesn't supervise: no second one may be started while
 * it runs. One that can't be seen from here, on another machine or in another process namespace, runs
 * as long as its heartbeat changes.
 */
import { readFormat, trainerLock } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import { isSeen } from '../../kit/lock-content.ts';
import { findTrainer, readExit, readHeartbeat } from './run-files.ts';

/** An error leaves it unknown whether a trainer lives. */
const unreadable = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';

/** A long step may give no sign for a while. */
const LEASE_SECONDS = 30;

export class ForeignTrainer {
  private readonly paths: WorkspacePaths;
  private readonly clock: Clock;
  private seen: { readonly sign: string; readonly at: number } | null = null;

  constructor(paths: WorkspacePaths, clock: Clock) {
    this.paths = paths;
    this.clock = clock;
  }

  /** `waiting for the trainer of this workspace, pid 7 on host-a`; null when there is none. */
  async find(): Promise<string | null> {
    const reading = await readFormat(this.paths.trainerLock, trainerLock).catch(unreadable);
    if (typeof reading === 'string')
      return `waiting for the trainer of this workspace: .trainer.lock can't be read (${reading})`;
    if (reading?.ok !== true) return null;
    const holder = reading.value;
    if (isSeen(holder)) {
      const trainer = await findTrainer(this.paths);
      return trainer === null
        ? null
        : `waiting for the trainer of this workspace, pid ${String(trainer.pid)}, which still runs`;
    }
    const folder = this.paths.run(holder.run);
    if ((await readExit(folder)) !== null) return null;
    const heartbeat = await readHeartbeat(folder);
    const sign = `${holder.run} ${holder.start} ${String(heartbeat?.seq ?? 0)}`;
    const now = this.clock.monotonic();
    if (this.seen?.sign !== sign) this.seen = { sign, at: now };
    if (now - this.seen.at >= LEASE_SECONDS) return null;
    const host = holder.host ?? 'another machine';
    return `waiting for the trainer of this workspace, pid ${String(holder.pid)} on ${host}, which can't be seen from here`;
  }
}

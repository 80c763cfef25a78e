/**
 * Leases keep the checkpoint of a planned restore from being removed by a cleanup or by the
 * trainer's rotation. A lease expires, so that an engine that was killed doesn't block removal
 * forever.
 */
import type { Point } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import {
  checkpointLeases,
  type CheckpointLeases as LeaseFile,
  readOrNull,
  writeFormat,
} from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { createSerializer } from '../../kit/index.ts';

type Leases = LeaseFile['held'];

/** Counted from the last plan; an open dialog renews its plan before that. */
export const LEASE_SECONDS = 900;

/** A lease that ends later than any new one was written before the clock was set back. Pure. */
export const unexpired = (leases: Leases, now: number): Leases =>
  leases.filter((lease) => lease.until > now && lease.until <= now + LEASE_SECONDS);

export interface CheckpointLeases {
  /** Renews a lease that the point already has. */
  lease(point: Point): Promise<void>;
  leasedSteps(branch: string): Promise<readonly number[]>;
}

export function createCheckpointLeases(options: {
  readonly paths: Pick<WorkspacePaths, 'heldCheckpoints'>;
  readonly clock: Pick<Clock, 'now'>;
}): CheckpointLeases {
  const file = options.paths.heldCheckpoints;
  const writes = createSerializer();

  async function read(): Promise<Leases> {
    const leases = await readOrNull(file, checkpointLeases);
    return unexpired(leases?.held ?? [], options.clock.now());
  }
  async function add({ branch, step }: Point): Promise<void> {
    const others = (await read()).filter((lease) => lease.branch !== branch || lease.step !== step);
    const until = options.clock.now() + LEASE_SECONDS;
    await writeFormat(file, checkpointLeases, { held: [...others, { branch, step, until }] });
  }
  return {
    lease: (point) => writes.run(() => add(point)),
    leasedSteps: async (branch) =>
      (await read()).filter((lease) => lease.branch === branch).map((lease) => lease.step),
  };
}

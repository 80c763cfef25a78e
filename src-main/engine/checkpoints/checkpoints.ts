/** The shell around the walk and the clean-up. */
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  type CheckpointCheck,
  type CheckpointCleanup,
  Refusal,
  resumeText,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { syncFolder } from '../../kit/index.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { checkpointName, listCheckpoints, type VersionsRoom } from '../versions/index.ts';
import { type BranchReading, decideCheckpointCleanup, decideMismatch } from './decide.ts';
import type { Holds } from './checkpoint-leases.ts';
import { walkCheckpoints } from './discover.ts';

/** A dataset as far as a checkpoint is concerned. */
export interface DatasetFile {
  readonly name: string;
  readonly path: string;
}

export interface CheckpointsRoom {
  /** Reads every byte; `branch` null: the head's. Refusals NOT_FOUND, NOT_READY (no Python). */
  verify(branch: string | null): Promise<CheckpointCheck>;
  /** Refusal BUSY while a trainer runs. */
  cleanup(input: {
    readonly keep: number;
    readonly execute: boolean;
    readonly by: string;
  }): Promise<CheckpointCleanup>;
}

export function createCheckpoints(options: {
  readonly paths: WorkspacePaths;
  readonly journal: Journal;
  readonly versions: VersionsRoom;
  readonly trainer: Pick<TrainerRoom, 'work' | 'view'>;
  readonly clock: Clock;
  readonly holds: Pick<Holds, 'steps'>;
  /** Every dataset that is known, by id. */
  readonly datasets: () => ReadonlyMap<string, DatasetFile>;
  /** Why checkpoints may not be removed now; null: they may. */
  readonly busy: () => string | null;
}): CheckpointsRoom {
  const branches = async (): Promise<readonly string[]> =>
    (await readdir(options.paths.branches, { withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort();

  async function verify(wanted: string | null): Promise<CheckpointCheck> {
    const branch = wanted ?? options.versions.branch();
    if (wanted !== null && !(await branches()).includes(wanted))
      throw new Refusal('NOT_FOUND', `There is no branch ${wanted} with checkpoints.`, {
        subject: wanted,
      });
    const known = options.datasets();
    const walk = await walkCheckpoints(
      options.trainer,
      options.paths.checkpoints(branch),
      Object.fromEntries([...known].map(([id, datasetFile]) => [id, datasetFile.path])),
    );
    const skipped = walk.skipped.map((skip) => ({ branch, ...skip }));
    const found = walk.resumes;
    const cursor = found?.cursor ?? null;
    const dataset = cursor === null ? null : (known.get(cursor.dataset) ?? null);
    const resumes =
      found === null
        ? null
        : {
            branch: found.branch,
            step: found.step,
            folder: found.folder,
            dataset: dataset?.name ?? cursor?.dataset ?? null,
          };
    const text = resumeText(branch, resumes, skipped);
    const mismatch = decideMismatch({
      checkpointBase: found?.base ?? null,
      base: options.versions.base(),
      dataset:
        cursor === null || dataset === null
          ? null
          : {
              name: dataset.name,
              contentHash: cursor.content_hash,
              fileHash: found?.dataset_file_hash ?? null,
              isComplete: cursor.complete,
            },
    });
    options.journal.write({
      what: 'checkpoints.verify',
      text: `${text}${mismatch === null ? '' : `; training would refuse: ${mismatch}`}.`,
      step: resumes?.step ?? null,
      evidence: { bytes: walk.bytes, seconds: walk.seconds },
    });
    return { text, resumes, skipped, mismatch, bytes: walk.bytes, seconds: walk.seconds };
  }

  /** Out of the ring by one rename, then the files; a later trainer or engine clears what a dead one left. */
  async function remove(branch: string, step: number): Promise<void> {
    const root = options.paths.checkpoints(branch);
    const name = checkpointName(step);
    const aside = path.join(root, `.${name}.${String(process.pid)}.partial`);
    await rename(path.join(root, name), aside);
    await syncFolder(root);
    await rm(aside, { recursive: true, force: true });
  }

  const refuseWhenBusy = (): void => {
    const reason = options.busy();
    if (reason !== null)
      throw new Refusal('BUSY', reason, {
        next: 'The trainer keeps its own ring of keep_checkpoints; stop it first.',
      });
  };

  return {
    verify,
    async cleanup({ keep, execute, by }) {
      refuseWhenBusy();
      const readings: BranchReading[] = [];
      for (const branch of await branches()) {
        const checkpoints = await listCheckpoints(options.paths.checkpoints(branch));
        const walk = await walkCheckpoints(options.trainer, options.paths.checkpoints(branch));
        const held = await options.holds.steps(branch);
        readings.push({ branch, checkpoints, verified: walk.resumes?.step ?? null, held });
      }
      const plan = decideCheckpointCleanup(readings, keep);
      if (execute)
        for (const { branch, step, why, bytes } of plan.removes) {
          // Somebody may have resumed while the hashes were read.
          refuseWhenBusy();
          await remove(branch, step);
          options.journal.write({
            what: 'checkpoints.cleanup',
            text: `The checkpoint of step ${String(step)} of ${branch} was removed: ${why} (${by}).`,
            step,
            evidence: { branch, bytes },
          });
        }
      // Everybody who lists checkpoints sees them go.
      if (execute) await options.versions.reload();
      return { executed: execute, ...plan };
    },
  };
}

/** Verification of what the next start would resume from, and the cleanup of old checkpoints. */
import path from 'node:path';
import {
  type CheckpointCheck,
  type CheckpointCleanup,
  Refusal,
  resumeText,
} from '../../contract/index.ts';
import { listBranchFolders } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { removeInside, renameInside, syncFolder } from '../../kit/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { CheckpointLeases } from './checkpoint-leases.ts';
import type { CheckpointsRoom } from './checkpoints.ts';
import { type BranchFacts, decideCheckpointCleanup } from './cleanup.ts';
import { discoverCheckpoints, type DiscoveryResult } from './discover.ts';
import { checkpointName, listCheckpoints } from './manifest.ts';
import { decideMismatch } from './mismatch.ts';

/** A dataset as far as a checkpoint is concerned. */
export interface DatasetFile {
  readonly name: string;
  readonly path: string;
}

export interface CheckpointMaintenance {
  /**
   * Reads every byte; `branch` null: the branch that is trained. Refusals NOT_FOUND, NOT_READY (no
   * Python).
   */
  verify(branch: string | null): Promise<CheckpointCheck>;
  /** Refusal BUSY while training or a restore uses the checkpoints. */
  cleanup(input: {
    readonly keep: number;
    readonly execute: boolean;
    readonly by: string;
  }): Promise<CheckpointCleanup>;
}

export interface MaintenanceOptions {
  readonly paths: WorkspacePaths;
  readonly journal: Journal;
  readonly lineage: Pick<LineageRoom, 'branch'>;
  readonly checkpoints: Pick<CheckpointsRoom, 'refresh'>;
  readonly trainer: Pick<TrainerRoom, 'work'>;
  readonly leases: Pick<CheckpointLeases, 'leasedSteps'>;
  /** The selected base model. */
  readonly base: () => { readonly id: string; readonly hash: string } | null;
  /** Every known dataset, by id. */
  readonly datasets: () => ReadonlyMap<string, DatasetFile>;
  /** Why checkpoints can't be removed now; null: they can. */
  readonly busyReason: () => string | null;
}

export function createCheckpointMaintenance(options: MaintenanceOptions): CheckpointMaintenance {
  const { paths, journal, lineage, checkpoints, trainer, leases } = options;

  function refuseWhileBusy(): void {
    const reason = options.busyReason();
    if (reason !== null)
      throw new Refusal('BUSY', reason, {
        next: 'Stop training first; while it runs, keep_checkpoints limits their number.',
      });
  }

  async function verify(wanted: string | null): Promise<CheckpointCheck> {
    const branch = wanted ?? lineage.branch();
    if (wanted !== null && !(await listBranchFolders(paths)).includes(wanted))
      throw new Refusal('NOT_FOUND', `There is no branch ${wanted} with checkpoints.`, {
        subject: wanted,
      });
    const datasets = options.datasets();
    const files = Object.fromEntries([...datasets].map(([id, file]) => [id, file.path]));
    const discovery = await discoverCheckpoints(trainer, paths.checkpoints(branch), files);
    const check = describeDiscovery(discovery, { branch, datasets, base: options.base() });
    const { text, mismatch, bytes, seconds } = check;
    journal.write({
      what: 'checkpoints.verify',
      text: `${text}${mismatch === null ? '' : `; training would refuse: ${mismatch}`}.`,
      step: check.resumes?.step ?? null,
      evidence: { bytes, seconds },
    });
    return check;
  }

  async function readBranch(branch: string): Promise<BranchFacts> {
    const folder = paths.checkpoints(branch);
    const listed = await listCheckpoints(folder);
    const discovery = await discoverCheckpoints(trainer, folder);
    const leased = await leases.leasedSteps(branch);
    return { branch, checkpoints: listed, verified: discovery.resumes?.step ?? null, leased };
  }

  /** One rename first: a crash leaves a partial folder, which the next start removes. */
  async function remove(branch: string, step: number): Promise<void> {
    const folder = paths.checkpoints(branch);
    const name = checkpointName(step);
    const partial = path.join(folder, `.${name}.${String(process.pid)}.partial`);
    await renameInside(paths.branches, path.join(folder, name), partial);
    await syncFolder(folder);
    await removeInside(paths.branches, partial);
  }

  return {
    verify,
    async cleanup({ keep, execute, by }) {
      refuseWhileBusy();
      const branches: BranchFacts[] = [];
      for (const branch of await listBranchFolders(paths)) branches.push(await readBranch(branch));
      const plan = decideCheckpointCleanup(branches, keep);
      if (!execute) return { executed: false, ...plan };
      for (const { branch, step, why, bytes } of plan.removes) {
        // Training may have been resumed while the hashes were read.
        refuseWhileBusy();
        await remove(branch, step);
        journal.write({
          what: 'checkpoints.cleanup',
          text: `Removed checkpoint ${String(step)} of ${branch}: ${why} (${by}).`,
          step,
          evidence: { branch, bytes },
        });
      }
      await checkpoints.refresh();
      return { executed: true, ...plan };
    },
  };
}

/** What the next start would do with what was discovered. Pure. */
function describeDiscovery(
  { resumes: found, skipped, bytes, seconds }: DiscoveryResult,
  facts: {
    readonly branch: string;
    readonly datasets: ReadonlyMap<string, DatasetFile>;
    readonly base: { readonly id: string; readonly hash: string } | null;
  },
): CheckpointCheck {
  const { branch, datasets, base } = facts;
  const cursor = found?.cursor ?? null;
  const dataset = cursor === null ? undefined : datasets.get(cursor.dataset);
  const resumes =
    found === null
      ? null
      : {
          branch: found.branch,
          step: found.step,
          folder: found.folder,
          dataset: dataset?.name ?? cursor?.dataset ?? null,
        };
  const skippedPoints = skipped.map((skip) => ({ branch, ...skip }));
  const mismatch = decideMismatch({
    checkpointBase: found?.base ?? null,
    base,
    dataset:
      cursor === null || dataset === undefined
        ? null
        : {
            name: dataset.name,
            contentHash: cursor.content_hash,
            fileHash: found?.dataset_file_hash ?? null,
            isComplete: cursor.complete,
          },
  });
  const text = resumeText(branch, resumes, skippedPoints);
  return { text, resumes, skipped: skippedPoints, mismatch, bytes, seconds };
}

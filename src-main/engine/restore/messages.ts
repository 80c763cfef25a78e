/** The texts of a restore: its plan, its outcome, its refusals. Pure. */
import { bytes as formatBytes } from '../../contract/format.ts';
import { type Point, Refusal, type RestorePlan, type RestoreSource } from '../../contract/index.ts';
import type { RestoreInputs } from './decide.ts';
import type { Intent } from './intent.ts';
import { pointName } from './resolve-source.ts';
import type { RestorePhase, SavedPoint } from './types.ts';

/** `v002_dialog`, `step 25 of main`, `backup manual/…`, `base model smollm2`. */
export function nameOf(point: SavedPoint): string {
  switch (point.origin.kind) {
    case 'version':
      return point.origin.name;
    case 'checkpoint':
      return pointName(point);
    case 'backup':
      return `backup ${point.origin.id}`;
    case 'base':
      return point.base === null ? 'the base model' : `base model ${point.base.id}`;
  }
}

export function titleOf(source: RestoreSource, point: SavedPoint, dataset: string | null): string {
  switch (source.kind) {
    case 'rollback':
      return `Roll back to ${nameOf(point)}`;
    case 'undo_dataset':
      return `Undo ${dataset ?? source.dataset}`;
    case 'base':
      return `New lineage from ${source.id}`;
    case 'version':
    case 'checkpoint':
    case 'backup':
      return `Restore ${nameOf(point)}`;
  }
}

export function describePhases(
  inputs: Pick<RestoreInputs, 'isTraining' | 'backupBytes' | 'newBranch' | 'seconds'>,
  restore: {
    readonly point: SavedPoint;
    readonly from: Point;
    readonly note: string | null;
    readonly resumesPass: boolean;
  },
): RestorePlan['phases'] {
  const { point, from, note, resumesPass } = restore;
  const { newBranch, backupBytes } = inputs;
  const phase = (name: RestorePhase, text: string, bytes = 0): RestorePlan['phases'][number] => ({
    phase: name,
    text,
    seconds: inputs.seconds(name, bytes),
  });
  const step = String(point.step);
  return [
    phase(
      'pause',
      inputs.isTraining ? 'Training saves a checkpoint and stops.' : 'No training is running.',
    ),
    phase(
      'verify',
      `${note === null ? '' : `${note} `}Every byte of ${nameOf(point)} is verified (${formatBytes(point.bytes)}).`,
      point.bytes,
    ),
    phase(
      'back_up',
      `${capitalized(pointName(from))} is backed up and the backup verified (${formatBytes(backupBytes)}).`,
      backupBytes,
    ),
    phase(
      'stage',
      point.canHardLink
        ? `Step ${step} is added to ${newBranch}; hard-linked, no extra space.`
        : `Step ${step} is copied to ${newBranch}.`,
      point.bytes,
    ),
    phase('switch', `${newBranch} becomes active (atomic).`),
    phase(
      'continue',
      resumesPass
        ? `Training resumes mid-dataset, from step ${step}.`
        : `The queue continues from step ${step}.`,
    ),
  ];
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const undoText = (from: Point): string =>
  `Rolling back returns to ${pointName(from)}: its checkpoints are kept, and so is the backup made first.`;

export function doneText({ to, branch, from, optimizer_state, backup }: Intent): string {
  const previous = backup === null ? 'without a checkpoint to back up' : 'backed up';
  return `Restored to step ${String(to.step)} (${branch}). Optimizer state ${optimizer_state === 'restored' ? 'restored' : 'reset'}. Previous model: step ${String(from.step)}, ${previous}.`;
}

/** Follows "interrupted while" and "failed while". */
export const ONGOING: Readonly<Record<RestorePhase, string>> = {
  pause: 'pausing training',
  verify: 'verifying the source',
  back_up: 'backing up the model',
  stage: 'staging the new branch',
  switch: 'switching to the new branch',
  continue: 'updating the datasets',
};

export function changedMeanwhile(plan: RestorePlan): Refusal {
  return new Refusal('NOT_READY', 'The restore would no longer do what was confirmed.', {
    subject: plan.id,
    next: 'Nothing was changed. Review the new plan and confirm it.',
    facts: { plan: plan.id },
  });
}

export const errorText = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * An error of the disk or of Python as a sentence: in which phase, what, and that nothing was
 * changed.
 */
export function asRefusal(error: unknown, phase: RestorePhase | null): Refusal {
  if (error instanceof Refusal) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  return new Refusal(
    code === 'ENOSPC' ? 'DISK_FULL' : 'NOT_READY',
    phase === null
      ? `Couldn't read the workspace: ${errorText(error)}.`
      : `The restore failed while ${ONGOING[phase]}: ${errorText(error)}.`,
    { subject: phase, next: 'Nothing was changed. See the journal for the cause.' },
  );
}

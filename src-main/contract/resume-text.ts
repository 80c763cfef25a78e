/**
 * The result of verifying checkpoints in one sentence, for the engine and for the command line.
 * Pure.
 */
import type { CheckpointCheck } from './lineage.ts';

/** `would resume at step 1200 of branch main from .../step-00001200; 2 skipped because ...` */
export function resumeText(
  branch: string,
  resumes: Pick<NonNullable<CheckpointCheck['resumes']>, 'step' | 'branch' | 'folder'> | null,
  skipped: readonly { readonly step: number; readonly reason: string }[],
): string {
  const reasons = skipped.map((skip) => `step ${String(skip.step)}: ${skip.reason}`).join('; ');
  if (resumes === null)
    return skipped.length === 0
      ? `no checkpoints on branch ${branch}; training would start from the base model`
      : `can't resume on branch ${branch}: no valid checkpoint (checked ${String(skipped.length)}; ${reasons})`;
  const from = `would resume at step ${String(resumes.step)} of branch ${resumes.branch} from ${resumes.folder}`;
  return skipped.length === 0
    ? from
    : `${from}; ${String(skipped.length)} skipped because ${reasons}`;
}

/** What a verification of checkpoints says, in one sentence: for the engine, and for the command line without one. Pure. */
import type { CheckpointCheck } from './lineage.ts';

/** `would resume at step 1200 of main from .../step-00001200; 2 skipped because ...` */
export function resumeText(
  branch: string,
  resumes: Pick<NonNullable<CheckpointCheck['resumes']>, 'step' | 'branch' | 'folder'> | null,
  skipped: readonly { readonly step: number; readonly reason: string }[],
): string {
  const reasons = skipped.map((skip) => `step ${String(skip.step)}: ${skip.reason}`).join('; ');
  if (resumes === null)
    return skipped.length === 0
      ? `nothing is saved on ${branch}; training would begin from the base`
      : `would not resume on ${branch}: none of ${String(skipped.length)} verifies, because ${reasons}`;
  const from = `would resume at step ${String(resumes.step)} of branch ${resumes.branch} from ${resumes.folder}`;
  return skipped.length === 0
    ? from
    : `${from}; ${String(skipped.length)} skipped because ${reasons}`;
}

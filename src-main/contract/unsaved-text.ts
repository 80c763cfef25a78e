/** Steps that can't be saved, in words: for the state, commands, notices and the command line. Pure. */
import { bytes, count } from './format.ts';
import type { UnsavedSteps } from './status.ts';

/** `step 100 is safe; step 128 isn't saved: the disk is full, 12.4 MB more are needed` */
export function unsavedText(unsaved: UnsavedSteps): string {
  const safe =
    unsaved.saved_step === null || unsaved.saved_step === 0
      ? 'nothing is saved yet'
      : `step ${count(unsaved.saved_step)} is safe`;
  return `${safe}; step ${count(unsaved.step)} isn't saved: ${unsaved.reason}${missingText(unsaved)}`;
}

/** `, 12.4 MB more are needed`; empty where unknown or where space isn't what is missing. */
export function missingText({
  free_bytes: free,
  needed_bytes: needed,
}: Pick<UnsavedSteps, 'free_bytes' | 'needed_bytes'>): string {
  if (free === null || needed === null || needed <= free) return '';
  return `, ${bytes(needed - free)} more are needed`;
}

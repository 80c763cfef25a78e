/** Where the progress bar of the dataset in training marks its checkpoints. Pure. */

/** More can't be told apart. */
const MOST = 40;

/**
 * In percent of the bar. All in steps of the dataset: `before` of earlier passes, behind which the
 * trainer counts, `every` between two saves, `saved` up to the newest checkpoint, `steps` in all.
 */
export function saveMarks({
  before,
  every,
  saved,
  steps,
}: {
  readonly before: number;
  readonly every: number;
  readonly saved: number;
  readonly steps: number;
}): readonly number[] {
  const marks = Math.floor((saved - before) / every);
  if (steps === 0 || marks <= 0 || marks > MOST) return [];
  return Array.from({ length: marks }, (_, at) => ((before + (at + 1) * every) / steps) * 100);
}

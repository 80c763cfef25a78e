/** The status without texts and names: what may be read on loopback without a token. Numbers, states and times only. */
import type { TrainingStatus } from '../contract/index.ts';

/** Prompts, answers, file and dataset names, folder names and error texts are taken out; the shape stays the same. */
export function withoutTexts(status: TrainingStatus): TrainingStatus {
  return {
    ...status,
    reason: null,
    current_dataset: null,
    last_preview: null,
    model: null,
    run: null,
    recovery: status.recovery === null ? null : { ...status.recovery, cause: '' },
    error: status.error === null ? null : { ...status.error, message: '' },
  };
}

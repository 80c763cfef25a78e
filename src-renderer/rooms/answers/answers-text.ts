/** Texts of the answers. Pure. */
import type { EvaluationSummary } from '../../../src-main/contract/index.ts';
import { count } from '../../kit/format.ts';

/** `24 of 28 match, 2 unfinished`. */
export const matchText = ({
  k,
  n,
  unfinished,
}: Pick<EvaluationSummary, 'k' | 'n' | 'unfinished'>): string =>
  `${count(k)} of ${count(n)} match${unfinished === 0 ? '' : `, ${count(unfinished)} unfinished`}`;

const WHEN: Readonly<Record<EvaluationSummary['when'], string>> = {
  start: 'before the first step',
  interval: 'during training',
  end: 'after the last step',
  command: 'on request',
};

/** `step 1,240, after the last step: 24 of 28 match`. */
export const evaluationName = (evaluation: EvaluationSummary): string =>
  `step ${count(evaluation.step)}, ${WHEN[evaluation.when]}: ${matchText(evaluation)}`;

export const shortText = (text: string): string =>
  text.trim() === '' ? '(empty)' : text.trim().replace(/\s+/g, ' ');

/** The range of the lineage chart that a restore discards. Pure. */
import type { LineageState, RestorePlan } from '../../../../src-main/contract/index.ts';
import { headAncestry } from './lineage-plot.ts';

/** The steps that a planned restore discards, and the branch that it makes active again. */
export interface DiscardedRange {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  /** The branch that becomes active again and up to which step; null when the point is in the head's ancestry. */
  readonly reactivated: { readonly branch: string; readonly step: number } | null;
}

export function discardedRangeOf(plan: RestorePlan, lineage: LineageState): DiscardedRange {
  const { from, to, steps_leaving: steps } = plan;
  const isInAncestry =
    to.step <= (headAncestry(lineage).get(to.branch) ?? Number.NEGATIVE_INFINITY);
  return {
    from: from.step - steps,
    to: from.step,
    steps,
    reactivated: isInAncestry ? null : { branch: to.branch, step: to.step },
  };
}

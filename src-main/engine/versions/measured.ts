/** What the metrics know about a version, and what a version adds to the charts. Pure. */
import {
  type AncestrySegment,
  type EvaluationPoint,
  isInAncestry,
  type Marker,
  type Version,
} from '../../contract/index.ts';

/** What was measured at the step of a version. Losses in nats per trained token. */
export interface Measured {
  readonly validationLoss: number | null;
  readonly validationDataset: number | null;
  readonly gap: number | null;
  readonly exactMatch: Version['exact_match'];
  /** The step of the version; null when it was not evaluated. */
  readonly evaluatedStep: number | null;
  /** Of the weights that were evaluated. */
  readonly precision: Version['evaluated_precision'];
  readonly trainingLoss: number | null;
}

export function measuredBy({
  evaluation,
  smoothed,
}: {
  readonly evaluation: EvaluationPoint | null;
  readonly smoothed: number | null;
}): Measured {
  return {
    trainingLoss: smoothed,
    validationLoss: evaluation?.core_loss ?? null,
    validationDataset: evaluation?.slice_loss ?? null,
    gap: evaluation?.gap ?? null,
    exactMatch: exactMatchOf(evaluation),
    evaluatedStep: evaluation?.step ?? null,
    precision: evaluation?.precision ?? null,
  };
}

function exactMatchOf(evaluation: EvaluationPoint | null): Version['exact_match'] {
  const k = evaluation?.exact_k ?? null;
  const n = evaluation?.exact_n ?? null;
  if (evaluation === null || k === null || n === null) return null;
  const { exact_low: low, exact_high: high, exact_unfinished: unfinished } = evaluation;
  return {
    k,
    n,
    ...(low == null || high == null ? {} : { low, high }),
    ...(unfinished == null ? {} : { unfinished }),
  };
}

/** Markers on the charts for the versions in `ancestry`. Pure. */
export function versionMarkers(
  versions: readonly Version[],
  ancestry: readonly AncestrySegment[],
): readonly Marker[] {
  return versions
    .filter((version) => isInAncestry(ancestry, version))
    .map(({ step, created: t, name: label }) => ({ kind: 'version', step, t, until: null, label }));
}

/** The two validation losses, the gap, and why one of them is unknown. Pure. */
import {
  type Cadence,
  type EvaluationPoint,
  type MissingReasons,
  MIN_ROWS_FOR_GAP,
  nextEvaluation,
  type TrainingStatus,
} from '../../contract/index.ts';
import { count, plural } from '../../contract/format.ts';

export interface ValidationReadings {
  /** The newest evaluation; it may be of an earlier dataset. */
  readonly evaluation: EvaluationPoint | null;
  /** Step of the lineage at which the pass in training began; null: none is training. */
  readonly passStart: number | null;
  readonly stepsDone: number;
  readonly plannedSteps: number;
  readonly cadence: Pick<Cadence, 'eval_steps'>;
  /** Rows held out of the dataset in training; null: unknown. */
  readonly heldOut: number | null;
  readonly generatesAnswers: boolean;
}

type Fields = Pick<
  TrainingStatus,
  | 'validation_dataset'
  | 'validation_fixed'
  | 'validation_loss'
  | 'training_loss_at_evaluation'
  | 'val_train_gap'
  | 'evaluation_precision'
  | 'missing'
>;

/** `first evaluation at step 50`; evaluations at the start and the end of a pass have no step to name. */
function nextText({ passStart, stepsDone, plannedSteps, cadence }: ValidationReadings): string {
  if (passStart === null) return 'no evaluation yet';
  if (stepsDone === 0) return 'first evaluation before the first step';
  const next = nextEvaluation(cadence, stepsDone);
  return next >= plannedSteps
    ? `first evaluation at the end, step ${count(passStart + plannedSteps)}`
    : `first evaluation at step ${count(passStart + next)}`;
}

export function validationFields(readings: ValidationReadings): Fields {
  const { evaluation: newest, passStart } = readings;
  // The evaluation of an earlier dataset says nothing about the rows of this one.
  const own = newest !== null && (passStart === null || newest.step >= passStart) ? newest : null;
  const at = (point: EvaluationPoint | null, value: number | null | undefined) =>
    point === null || value == null ? null : { value, step: point.step, t: point.t };
  const dataset = at(own, own?.slice_loss);
  const fixed = at(newest, newest?.core_loss);
  const gap = at(own, own?.gap);
  return {
    validation_dataset: dataset,
    validation_fixed: fixed,
    validation_loss: dataset ?? fixed,
    training_loss_at_evaluation:
      own?.gap == null || own.slice_loss === null
        ? null
        : at(own, own.train_smoothed ?? own.slice_loss - own.gap),
    val_train_gap: gap,
    evaluation_precision: newest?.precision ?? null,
    missing: missingReasons(readings, own, { dataset, fixed, gap }),
  };
}

function missingReasons(
  readings: ValidationReadings,
  own: EvaluationPoint | null,
  known: { readonly dataset: unknown; readonly fixed: unknown; readonly gap: unknown },
): MissingReasons {
  const { evaluation: newest, heldOut } = readings;
  const next = nextText(readings);
  const noRows = 'no rows of this dataset are held out for validation';
  const dataset = known.dataset !== null ? null : own !== null || heldOut === 0 ? noRows : next;
  return {
    validation_dataset: dataset,
    validation_fixed:
      known.fixed !== null
        ? null
        : newest === null
          ? next
          : 'the workspace has no fixed validation set',
    gap: known.gap !== null ? null : (dataset ?? gapReason(own)),
    exact_match: exactReason(readings, next),
  };
}

function gapReason(own: EvaluationPoint | null): string {
  const rows = own?.slice_rows ?? null;
  if (rows !== null && rows < MIN_ROWS_FOR_GAP)
    return `${plural(rows, 'validation row')}: too few (min. ${String(MIN_ROWS_FOR_GAP)}) for a gap`;
  return 'no training loss yet; the evaluation ran before the first step';
}

function exactReason({ evaluation, generatesAnswers }: ValidationReadings, next: string) {
  if (evaluation?.exact_n != null) return null;
  if (!generatesAnswers) return 'generate_samples is 0';
  return evaluation === null ? next : 'left out by the monitoring budget';
}

/** Texts of the restore dialog. Pure. */
import {
  type RestorePlan,
  VALIDATION_DATASET,
  VALIDATION_FIXED,
} from '../../../../src-main/contract/index.ts';
import {
  bytes,
  count,
  duration,
  loss,
  percent,
  plural,
  UNKNOWN,
  weightsText,
} from '../../../kit/format.ts';
import { pointText } from '../saved-models.ts';

type SettingChange = NonNullable<RestorePlan['settings']>[number];
export type RestorePhase = RestorePlan['phases'][number]['phase'];

export function phaseName(phase: RestorePhase): string {
  switch (phase) {
    case 'pause':
      return 'Pause';
    case 'verify':
      return 'Verify';
    case 'back_up':
      return 'Back up';
    case 'stage':
      return 'Stage';
    case 'switch':
      return 'Switch';
    case 'continue':
      return 'Continue';
  }
}

/** `about 9 s`, `under 1 s`; null when unknown. */
export function phaseTime(seconds: number | null): string | null {
  if (seconds === null) return null;
  return seconds < 1
    ? 'under 1\u00a0s'
    : `about ${duration(Math.round(seconds)).replace('.0', '')}`;
}

const measured = (value: number | null): string => (value === null ? UNKNOWN : loss(value));
const matched = (value: RestorePlan['from']['exact_match']): string =>
  value === null || value.n === 0 ? UNKNOWN : percent((value.k / value.n) * 100);

export interface Change {
  readonly name: string;
  readonly from: string;
  readonly to: string | null;
}

/** With the step of the evaluation where it differs: `0.169 at 1,400`. */
function lossOf(point: RestorePlan['from'], value: number | null | undefined): string {
  const { evaluated_step: at } = point;
  const weights = weightsText(point.evaluated_precision);
  const text = `${measured(value ?? null)}${value == null || weights === null ? '' : ` (${weights})`}`;
  return at === null || at === point.step ? text : `${text} at ${count(at)}`;
}

/** `2 (complete), 1 (partial)` */
export function undoneText(plan: RestorePlan): string {
  const whole = plan.datasets_leaving.filter((dataset) => dataset.share === 'whole').length;
  const part = plan.datasets_leaving.length - whole;
  if (whole + part === 0) return 'none';
  return [
    whole === 0 ? null : `${count(whole)} (complete)`,
    part === 0 ? null : `${count(part)} (partial)`,
  ]
    .filter((entry) => entry !== null)
    .join(', ');
}

export function changesOf(plan: RestorePlan): readonly Change[] {
  return [
    { name: 'Step', from: count(plan.from.step), to: count(plan.to.step) },
    {
      name: VALIDATION_FIXED,
      from: lossOf(plan.from, plan.from.validation_loss),
      to: lossOf(plan.to, plan.to.validation_loss),
    },
    {
      name: VALIDATION_DATASET,
      from: lossOf(plan.from, plan.from.validation_dataset),
      to: lossOf(plan.to, plan.to.validation_dataset),
    },
    { name: 'Exact match', from: matched(plan.from.exact_match), to: matched(plan.to.exact_match) },
    { name: 'Datasets undone', from: undoneText(plan), to: null },
  ];
}

/** Sentence under the title. `isLit`: the discarded steps are highlighted on the chart above the dialog. */
export function summaryOf(plan: RestorePlan, isLit: boolean): string {
  const steps = plan.steps_leaving;
  const discarded =
    steps === 0
      ? 'No steps are discarded.'
      : `The ${plural(steps, 'step')} ${isLit ? 'marked above' : 'after it'} ${steps === 1 ? 'is' : 'are'} discarded.`;
  return `Training continues from ${pointText(plan.to)}, as ${plan.new_branch}. ${discarded}`;
}

export function optimizerStateText(plan: RestorePlan): string {
  return plan.optimizer_state === 'restored'
    ? `restored from checkpoint ${count(plan.to.step)}`
    : `not saved for this step; restarts with a warmup of up to ${count(plan.warmup_steps)} steps`;
}

/** `gsm8k_train.jsonl (partial, 112 steps)` */
export const removedDatasetText = (dataset: RestorePlan['datasets_leaving'][number]): string =>
  `${dataset.name} (${dataset.share === 'whole' ? 'complete' : 'partial'}, ${plural(dataset.steps, 'step')})`;

/** Names of the datasets that are undone and whose files still exist. */
export const queueableOf = (plan: RestorePlan): readonly string[] =>
  plan.datasets_leaving.filter((dataset) => dataset.can_queue).map((dataset) => dataset.name);

/** `learning_rate 0.0001 to 0.0002` */
export const settingText = ({ key, now, then }: SettingChange): string =>
  `${key} ${JSON.stringify(now)} to ${JSON.stringify(then)}`;

/** `a, b and c` */
export function namesText(names: readonly string[]): string {
  const last = names[names.length - 1] ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

export function diskText({ free_bytes: free, needed_bytes: needed }: RestorePlan['disk']): string {
  if (free === null) return `Disk: ${bytes(needed)} needed; free space unknown.`;
  if (free < needed) return `Not enough disk space: ${bytes(needed)} needed, ${bytes(free)} free.`;
  return needed === 0 ? 'Disk: no change.' : `Disk: uses ${bytes(needed)} of ${bytes(free)} free.`;
}

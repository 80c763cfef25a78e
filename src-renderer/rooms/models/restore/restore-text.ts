/** What the restore dialog says, made from the plan. Pure. */
import type { RestorePlan, RestoreSource } from '../../../../src-main/contract/index.ts';
import { bytes, count, duration, loss, percent, plural, UNKNOWN } from '../../../kit/format.ts';
import { pointText } from '../saved-models.ts';

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

/** `about 9 s`, `under 1 s`; null: not known. */
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

/** With the step where it was measured, when that is another one: `0.169 at 1,400`. */
function lossOf(point: RestorePlan['from']): string {
  const { evaluated_step: at } = point;
  const text = measured(point.validation_loss);
  return at === null || at === point.step ? text : `${text} at ${count(at)}`;
}

/** `2 whole, 1 in part` */
export function undoneText(plan: RestorePlan): string {
  const whole = plan.datasets_leaving.filter((dataset) => dataset.share === 'whole').length;
  const part = plan.datasets_leaving.length - whole;
  if (whole + part === 0) return 'none';
  return [
    whole === 0 ? null : `${count(whole)} whole`,
    part === 0 ? null : `${count(part)} in part`,
  ]
    .filter((entry) => entry !== null)
    .join(', ');
}

export function changesOf(plan: RestorePlan): readonly Change[] {
  return [
    { name: 'Now', from: `step ${count(plan.from.step)}`, to: `step ${count(plan.to.step)}` },
    {
      name: 'Validation loss',
      from: lossOf(plan.from),
      to: lossOf(plan.to),
    },
    { name: 'Exact match', from: matched(plan.from.exact_match), to: matched(plan.to.exact_match) },
    { name: 'Datasets undone', from: undoneText(plan), to: null },
  ];
}

/** The sentence under the title. `isLit`: the part that leaves is marked on the plot above. */
export function summaryOf(plan: RestorePlan, isLit: boolean): string {
  const steps = plan.steps_leaving;
  const leaves =
    steps === 0
      ? 'No step leaves the current model.'
      : `The ${count(steps)} ${steps === 1 ? 'step' : 'steps'} ${isLit ? 'marked above leave' : 'after it leave'} the current model.`;
  return `Training continues from ${pointText(plan.to)}, as ${plan.new_branch}. ${leaves}`;
}

export function optimizerStateText(plan: RestorePlan): string {
  return plan.optimizer_state === 'restored'
    ? `kept, from the checkpoint of step ${count(plan.to.step)}`
    : `none are kept of this step: they begin at zero, with ${plural(plan.warmup_steps, 'warm-up step')}`;
}

/** `gsm8k_train.jsonl (part, 112 steps)` */
export const removedDatasetText = (dataset: RestorePlan['datasets_leaving'][number]): string =>
  `${dataset.name} (${dataset.share}, ${plural(dataset.steps, 'step')})`;

/** Datasets that are queued again whatever is ticked: the one that is taken back. */
const isUndone = (source: RestoreSource, id: string): boolean =>
  source.kind === 'undo_dataset' && source.dataset === id;

export const undoneDatasetOf = (plan: RestorePlan): string | null =>
  plan.datasets_leaving.find((dataset) => isUndone(plan.source, dataset.id))?.name ?? null;

/** Names that the tick puts back into the queue. */
export const queueableOf = (plan: RestorePlan): readonly string[] =>
  plan.datasets_leaving
    .filter((dataset) => dataset.can_queue && !isUndone(plan.source, dataset.id))
    .map((dataset) => dataset.name);

/** `a, b and c` */
export function namesText(names: readonly string[]): string {
  const last = names[names.length - 1] ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

export function diskText({ free_bytes: free, needed_bytes: needed }: RestorePlan['disk']): string {
  if (free === null) return `${bytes(needed)} are needed. The free space of the disk is not known.`;
  return free >= needed
    ? `Free disk ${bytes(free)} to ${bytes(free - needed)}.`
    : `${bytes(needed)} are needed, the disk has ${bytes(free)} free.`;
}

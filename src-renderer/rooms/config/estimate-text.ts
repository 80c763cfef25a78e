/** The words and rows of an estimate. Pure. */
import type {
  EstimateAnswer,
  EstimateRecord,
  MemoryPart,
  TimeEstimate,
} from '../../../src-main/contract/index.ts';

const labels: Readonly<Record<MemoryPart, { readonly label: string; readonly shade: string }>> = {
  weights: { label: 'Weights, fp32', shade: 's1' },
  bf16_weights: { label: 'Working copy, bf16', shade: 's2' },
  gradients: { label: 'Gradients', shade: 's4' },
  optimizer_states: { label: 'Optimizer moments', shade: 's5' },
  activations: { label: 'Activations', shade: 's3' },
  logits_buffer: { label: 'Loss chunk', shade: 's2' },
  runtime: { label: 'Program and driver', shade: 's4' },
};
const order = Object.keys(labels) as MemoryPart[];

export interface PartRow {
  readonly part: MemoryPart;
  readonly label: string;
  /** A step of the gray ramp. */
  readonly shade: string;
  readonly bytes: number;
  readonly before: number;
}

/** Parts that are there now or after the change, in one order. */
export function partRows(answer: Pick<EstimateAnswer, 'now' | 'changed'>): readonly PartRow[] {
  const at = (estimate: EstimateAnswer['now'], part: MemoryPart): number =>
    estimate.memory.parts.find((known) => known.part === part)?.bytes ?? 0;
  return order
    .map((part) => ({
      part,
      ...labels[part],
      bytes: at(answer.changed, part),
      before: at(answer.now, part),
    }))
    .filter((entry) => entry.bytes > 0 || entry.before > 0);
}

export const timeText = (certainty: TimeEstimate['certainty']): string =>
  certainty === 'measured'
    ? 'from steps measured here'
    : 'from another machine, no step was measured here';

const share = (value: number): string => {
  const percent = Math.round(Math.abs(value) * 100);
  if (percent === 0) return 'as estimated';
  return `${String(percent)} % ${value < 0 ? 'under' : 'over'}`;
};
const span = ({ least, most }: { readonly least: number; readonly most: number }): string =>
  share(least) === share(most) ? share(least) : `between ${share(least)} and ${share(most)}`;

/** `The last 5 estimates: time between 8 % under and 12 % over`. */
export function recordText({ count, time, memory }: EstimateRecord): string {
  if (count === 0 || time === null) return 'No estimate has been compared with a pass yet.';
  const which = count === 1 ? 'The last pass' : `The last ${String(count)} passes`;
  return `${which} against the estimate: time ${span(time)}${memory === null ? '' : `, memory ${span(memory)}`}.`;
}

/** What a smaller micro-batch would change, where the settings do not fit. `shown`: bytes as text. */
export function fittingText(
  fitting: NonNullable<EstimateAnswer['fitting']>,
  shown: (bytes: number) => string,
): string {
  const slower = Math.round(fitting.slower * 100);
  const pace = slower <= 0 ? 'as fast' : `about ${String(slower)} % slower`;
  return `With micro_batch ${String(fitting.micro_batch)} it would be ${shown(fitting.memory)} and fit, ${pace}.`;
}

/** Labels, rows and sentences of an estimate. Pure. */
import type {
  EstimateAnswer,
  EstimateRecord,
  MemoryPart,
  TimeEstimate,
} from '../../../src-main/contract/index.ts';

const LABELS: Readonly<Record<MemoryPart, { readonly label: string; readonly shade: string }>> = {
  weights: { label: 'fp32 weights', shade: 'shade1' },
  bf16_weights: { label: 'bf16 weights', shade: 'shade2' },
  gradients: { label: 'Gradients', shade: 'shade4' },
  optimizer_states: { label: 'Optimizer states', shade: 'shade5' },
  activations: { label: 'Activations', shade: 'shade3' },
  logits_buffer: { label: 'Logits/loss buffer', shade: 'shade2' },
  runtime: { label: 'CUDA context and runtime', shade: 'shade4' },
};
const ORDER = Object.keys(LABELS) as MemoryPart[];

export interface PartRow {
  readonly part: MemoryPart;
  readonly label: string;
  /** A step of the gray ramp. */
  readonly shade: string;
  readonly bytes: number;
  readonly before: number;
}

/** Parts that are present now or after the change, in a fixed order. */
export function partRows(answer: Pick<EstimateAnswer, 'now' | 'changed'>): readonly PartRow[] {
  const at = (estimate: EstimateAnswer['now'], part: MemoryPart): number =>
    estimate.memory.parts.find((known) => known.part === part)?.bytes ?? 0;
  return ORDER.map((part) => ({
    part,
    ...LABELS[part],
    bytes: at(answer.changed, part),
    before: at(answer.now, part),
  })).filter((row) => row.bytes > 0 || row.before > 0);
}

export const timeText = (certainty: TimeEstimate['certainty']): string =>
  certainty === 'measured' ? 'from measured steps' : 'from another machine; no steps measured yet';

const deviation = (value: number): string => {
  const percent = Math.round(Math.abs(value) * 100);
  if (percent === 0) return 'as estimated';
  return `${String(percent)}\u00a0% ${value < 0 ? 'under' : 'over'}`;
};
const span = ({ least, most }: { readonly least: number; readonly most: number }): string =>
  deviation(least) === deviation(most)
    ? deviation(least)
    : `between ${deviation(least)} and ${deviation(most)}`;

/** `Last 5 datasets compared with the estimate: time between 8 % under and 12 % over.` */
export function recordText({ count, time, memory }: EstimateRecord): string {
  if (count === 0 || time === null)
    return 'No estimate has been compared with a finished dataset yet.';
  const which = count === 1 ? 'Last dataset' : `Last ${String(count)} datasets`;
  return `${which} compared with the estimate: time ${span(time)}${memory === null ? '' : `, memory ${span(memory)}`}.`;
}

/** The effect of a smaller micro-batch when the settings don't fit. `shown`: formats bytes. */
export function fittingText(
  fitting: NonNullable<EstimateAnswer['fitting']>,
  shown: (bytes: number) => string,
): string {
  const slower = Math.round(fitting.slower * 100);
  const pace = slower <= 0 ? 'at the same speed' : `about ${String(slower)}\u00a0% slower`;
  return `micro_batch ${String(fitting.micro_batch)} would need ${shown(fitting.memory)} and fit, ${pace}.`;
}

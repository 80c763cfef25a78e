/** `metrics.jsonl` of a run: one line per optimizer step. */
import { z } from 'zod';
import { defineLines, isObject, parseJson } from './document.ts';
import { count, flag, integer, number, text, time } from './fields.ts';

export const metricsLine = defineLines({
  name: 'metrics.jsonl',
  damaged: 'The line is skipped',
  group: 'run',
  writer: 'trainer',
  description: 'One line per optimizer step',
  schema: z.object({
    t: time('When the step ended'),
    branch: text('Branch name'),
    step: integer('Step of the branch after the update'),
    position: integer('Rows of the pass that are done'),
    dataset: text('Dataset id'),
    pass: text('Pass id'),
    epoch: number('Epochs that are done, as a fraction'),
    loss: number('Nats per trained token of this batch; null: NaN or Inf').nullable(),
    lr: number('Learning rate of this step'),
    grad_norm: number('Gradient norm before clipping; null: NaN or Inf').nullable(),
    clipped: flag('The norm was above `max_grad_norm`'),
    trained_tokens: count('Tokens that count toward the loss'),
    tokens: count('All tokens that were processed'),
    examples: count('Rows of the batch'),
    seconds: number('Duration of the step'),
    tokens_per_second: number('`tokens` / `seconds`'),
    samples_per_second: number('`examples` / `seconds`'),
    micro_batch: integer('Examples of the largest micro-batch'),
    memory_mb: number(
      'MiB at the peak since the line before: resident (CPU) or reserved by the allocator (GPU)',
    ),
  }),
});
export type MetricsLine = z.infer<typeof metricsLine.schema>;

/** The fields of a line that curves and the status are made of. */
export type MetricsPoint = Pick<
  MetricsLine,
  'step' | 't' | 'lr' | 'tokens_per_second' | 'memory_mb' | 'dataset'
> & {
  readonly loss: number;
  readonly grad_norm: number;
  readonly epoch: number | null;
  readonly samples_per_second: number | null;
  readonly micro_batch: number | null;
};

const MEASURES = ['t', 'loss', 'lr', 'grad_norm', 'tokens_per_second', 'memory_mb'] as const;
const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);
const orNull = (value: unknown): number | null => (isNumber(value) ? value : null);

/**
 * Without the schema: at every start a history of a million lines is read. Null for a step without
 * a finite loss and gradient as well.
 */
export function parseMetricsPoint(line: string): MetricsPoint | null {
  const parsed = parseJson(line);
  if (!parsed.ok || !isObject(parsed.value)) return null;
  const { value } = parsed;
  if (!Number.isSafeInteger(value.step)) return null;
  if (!MEASURES.every((name) => isNumber(value[name]))) return null;
  const { step, t, loss, lr, grad_norm, tokens_per_second, memory_mb } =
    value as unknown as MetricsPoint;
  return {
    ...{ step, t, loss, lr, grad_norm, tokens_per_second, memory_mb },
    dataset: typeof value.dataset === 'string' ? value.dataset : '',
    epoch: orNull(value.epoch),
    samples_per_second: orNull(value.samples_per_second),
    micro_batch: orNull(value.micro_batch),
  };
}

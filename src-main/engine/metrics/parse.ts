/** Parses lines of metrics.jsonl and events.jsonl. Lines of another shape are skipped. Pure. */
import {
  evaluationPoint,
  type EvaluationPoint,
  metricPoint,
  type MetricPoint,
  monitoringSkip,
  type MonitoringSkip,
  preview,
  type Preview,
} from '../../contract/index.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface MetricLine {
  readonly step: number;
  /** null when the loss wasn't finite. */
  readonly loss: number | null;
  /** null when a value wasn't finite: the step is then not drawn. */
  readonly point: MetricPoint | null;
  readonly dataset: string;
  readonly pass: string;
  readonly epoch: number | null;
  readonly samplesPerSecond: number | null;
  readonly microBatch: number | null;
  readonly seconds: number | null;
}

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const finite = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Fields)[key] : undefined;

const MEASURES = metricPoint.keyof().options;

/** Checked by hand, not with zod: a history of a million lines is read at every start. */
function toPoint(value: unknown): MetricPoint | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Fields;
  if (!Number.isSafeInteger(fields.step)) return null;
  const point: Partial<Record<keyof MetricPoint, number>> = {};
  for (const name of MEASURES) {
    const field = fields[name];
    if (typeof field !== 'number' || !Number.isFinite(field)) return null;
    point[name] = field;
  }
  return point as MetricPoint;
}

export function parseMetric(line: string): MetricLine | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const step = at(value, 'step');
  if (typeof step !== 'number' || !Number.isSafeInteger(step)) return null;
  const dataset = text(at(value, 'dataset'));
  return {
    step,
    loss: finite(at(value, 'loss')),
    point: toPoint(value),
    dataset,
    // Lines that are older than the field belong to the only pass of their dataset.
    pass: text(at(value, 'pass')) || dataset,
    epoch: number(at(value, 'epoch')),
    samplesPerSecond: number(at(value, 'samples_per_second')),
    microBatch: number(at(value, 'micro_batch')),
    seconds: finite(at(value, 'seconds')),
  };
}

export function toEvaluation(event: Fields): EvaluationPoint | null {
  const k = number(at(event.exact, 'k'));
  const n = number(at(event.exact, 'n'));
  const parsed = evaluationPoint.safeParse({
    step: event.step,
    t: event.t,
    core_loss: number(at(event.core, 'loss')),
    slice_loss: number(at(event.slice, 'loss')),
    gap: number(event.gap),
    exact: k === null || n === null || n === 0 ? null : k / n,
    exact_k: k,
    exact_n: n,
    ...(n === null
      ? {}
      : {
          exact_low: number(at(event.exact, 'low')),
          exact_high: number(at(event.exact, 'high')),
          exact_unfinished: number(at(event.exact, 'unfinished')),
        }),
    think: number(at(event.think, 'share')),
    slice_rows: number(at(event.slice, 'rows')),
    train_smoothed: number(event.train_smoothed),
    ...(event.precision === undefined ? {} : { precision: event.precision }),
  });
  return parsed.success ? parsed.data : null;
}

export interface Exact {
  readonly k: number;
  readonly n: number;
  readonly low: number;
  readonly high: number;
  readonly unfinished: number;
  readonly not_asked: number;
  readonly step: number;
  readonly t: number;
}

export function toExact(event: Fields): Exact | null {
  const [k, n, low, high] = ['k', 'n', 'low', 'high'].map((key) => number(at(event.exact, key)));
  const step = number(event.step);
  const t = number(event.t);
  if (k == null || n == null || low == null || high == null || step === null || t === null)
    return null;
  const unfinished = number(at(event.exact, 'unfinished')) ?? 0;
  const not_asked = number(at(event.exact, 'not_asked')) ?? 0;
  return { k, n, low, high, unfinished, not_asked, step, t };
}

export function toSkip(event: Fields): MonitoringSkip | null {
  const parsed = monitoringSkip.safeParse(event);
  return parsed.success ? parsed.data : null;
}

export function toPreview(event: Fields): Preview | null {
  const parsed = preview.safeParse(event);
  return parsed.success ? parsed.data : null;
}

/** A believable training run as a function of the step: the same step always gives the same numbers. */
import type {
  Activity,
  Bucket,
  CurveKey,
  Curves,
  EvaluationPoint,
  Marker,
  MetricPoint,
} from '../../src-main/contract/index.ts';

/** -1..1 from the step alone. */
function wobble(step: number, salt: number): number {
  const x = Math.sin(step * 12.9898 + salt * 78.233) * 43_758.5453;
  return (x - Math.floor(x)) * 2 - 1;
}

export const SECONDS_A_STEP = 4;

export function pointAt(step: number, t: number): MetricPoint {
  return {
    step,
    t,
    loss: Math.max(0.02, 0.45 + 2.6 * Math.exp(-step / 180) + 0.06 * wobble(step, 1)),
    lr: 0.0002 * Math.min(1, step / 100),
    grad_norm: 0.9 + 0.25 * wobble(step, 2),
    tokens_per_second: 810 + 40 * wobble(step, 3),
    memory_mb: 18_400 + 60 * wobble(step, 4),
  };
}

export function evaluationAt(step: number, t: number): EvaluationPoint {
  const core = 0.48 + 2.6 * Math.exp(-step / 190) + 0.01 * wobble(step, 5);
  const share = Math.min(0.66, step / 1900);
  return {
    step,
    t,
    core_loss: core,
    slice_loss: core + 0.03,
    gap: 0.034,
    exact: share,
    exact_k: Math.round(share * 64),
    exact_n: 64,
    think: 0,
  };
}

export interface CurvesQuestion {
  readonly keys: readonly CurveKey[];
  readonly from: number | null;
  readonly to: number | null;
  readonly buckets: number;
  readonly smoothing: number;
}

/** The curves up to step `last`, which was trained at `now`. */
export function curvesOf(question: CurvesQuestion, last: number, now: number): Curves {
  const from = Math.max(1, question.from ?? 1);
  const to = Math.min(last, question.to ?? last);
  const size = Math.max(1, Math.ceil((to - from + 1) / question.buckets));
  const timeOf = (step: number) => now - (last - step) * SECONDS_A_STEP;
  const curves: Partial<Record<CurveKey, Bucket[]>> = {};
  for (const key of question.keys) curves[key] = [];
  const smoothed: [number, number][] = [];
  let average = 0;
  let weight = 0;
  for (let first = from; first <= to; first += size) {
    const steps = Array.from({ length: Math.min(size, to - first + 1) }, (_, i) => first + i);
    const end = steps[steps.length - 1] ?? first;
    const points = steps.map((step) => pointAt(step, timeOf(step)));
    for (const point of points) {
      average = question.smoothing * average + (1 - question.smoothing) * point.loss;
      weight = question.smoothing * weight + (1 - question.smoothing);
    }
    smoothed.push([end, average / weight]);
    for (const key of question.keys) {
      const values = points.map((point) => point[key]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      curves[key]?.push([end, timeOf(end), Math.min(...values), Math.max(...values), mean]);
    }
  }
  const evaluations: EvaluationPoint[] = [];
  for (let step = 200; step <= last; step += 200)
    evaluations.push(evaluationAt(step, timeOf(step)));
  return {
    branch: 'main',
    from,
    to,
    bucket_steps: size,
    curves,
    smoothed,
    evaluations: evaluations.filter(
      (evaluation) => evaluation.step >= from && evaluation.step <= to,
    ),
    markers: markersOf(last, timeOf).filter((entry) => entry.step >= from && entry.step <= to),
  };
}

function markersOf(last: number, timeOf: (step: number) => number): Marker[] {
  const all: [Marker['kind'], number, string][] = [
    ['dataset', 1, 'sample.jsonl'],
    ['recovery', 1000, 'Restarted, 37 steps trained again'],
    ['version', 1100, 'v001_sample'],
    ['dataset', 1101, 'gsm8k_train.jsonl'],
    ['pause', 1180, 'Paused for 4 min'],
    ['checkpoint', 1200, 'step 1200'],
  ];
  return all
    .filter(([, step]) => step <= last)
    .map(([kind, step, label]) => ({
      kind,
      step,
      t: timeOf(step),
      until: kind === 'pause' ? timeOf(step) + 240 : null,
      label,
    }));
}

/** A day with two nights of training, a pause and one recovery. */
export function activityOf(hours: number, now: number): Activity {
  const from = now - hours * 3600;
  const spans: Activity['spans'] = [];
  const add = (kind: Activity['spans'][number]['kind'], begin: number, end: number) => {
    const clipped = { from: Math.max(from, now - begin), to: now - end };
    if (clipped.to > clipped.from)
      spans.push({ kind, ...clipped, dataset: kind === 'training' ? 'gsm8k_train.jsonl' : null });
  };
  add('training', hours * 3600, 40_000);
  add('asleep', 40_000, 32_000);
  add('idle', 32_000, 9_000);
  add('training', 9_000, 4_000);
  add('paused', 4_000, 3_760);
  add('training', 3_760, 0);
  const total = (kind: string) =>
    spans.filter((span) => span.kind === kind).reduce((sum, span) => sum + span.to - span.from, 0);
  return {
    from,
    to: now,
    spans,
    recoveries: [{ t: now - 1900, label: 'Killed by SIGKILL; back after 6 s' }],
    totals: {
      training_s: total('training'),
      paused_s: total('paused'),
      asleep_s: total('asleep'),
      datasets_done: 1,
      recoveries: 1,
      steps_lost: 37,
    },
  };
}

/** A believable training run as a function of the step: the same step always gives the same numbers. */
import {
  marker,
  type EvaluationPoint,
  type MetricPoint,
} from '../../../src-main/contract/index.ts';
import { curvesOf as drawnCurves } from '../../../src-main/engine/metrics/curves.ts';
import { Points } from '../../../src-main/engine/metrics/points.ts';
import { complete } from '../complete.ts';
import { table } from '../scenes/table.ts';

type Question = Parameters<typeof drawnCurves>[2];
const SECONDS_A_STEP = 4;

/** -1..1 from the step alone. */
function wobble(step: number, salt: number): number {
  const x = Math.sin(step * 12.9898 + salt * 78.233) * 43_758.5453;
  return (x - Math.floor(x)) * 2 - 1;
}

export const pointAt = (step: number, t: number): MetricPoint => ({
  step,
  t,
  loss: Math.max(0.02, 0.45 + 2.6 * Math.exp(-step / 180) + 0.06 * wobble(step, 1)),
  lr: 0.0002 * Math.min(1, step / 100),
  grad_norm: 0.9 + 0.25 * wobble(step, 2),
  tokens_per_second: 810 + 40 * wobble(step, 3),
  memory_mb: 18_400 + 60 * wobble(step, 4),
});

export function evaluationAt(step: number, t: number): EvaluationPoint {
  const core_loss = 0.48 + 2.6 * Math.exp(-step / 190) + 0.01 * wobble(step, 5);
  const exact = Math.min(0.66, step / 1900);
  const counts = { exact_k: Math.round(exact * 64), exact_n: 64 };
  return {
    step,
    t,
    core_loss,
    slice_loss: core_loss + 0.03,
    gap: 0.034,
    exact,
    ...counts,
    think: 0,
  };
}

/** The curves up to step `last`, which was trained at `now`. */
export function curvesOf(question: Question, last: number, now: number) {
  const timeOf = (step: number) => now - (last - step) * SECONDS_A_STEP;
  const points = new Points();
  for (let step = 1; step <= last; step += 1) points.add(pointAt(step, timeOf(step)));
  const evaluations = Array.from({ length: Math.floor(last / 200) }, (_, n) =>
    evaluationAt((n + 1) * 200, timeOf((n + 1) * 200)),
  );
  const markers = table(now)`
kind     | step | label
dataset  | 1    | sample.jsonl
recovery | 1000 | Restarted, 37 steps trained again
version  | 1100 | v001_sample
dataset  | 1101 | gsm8k_train.jsonl`
    .map((facts) => complete(marker, { ...facts, t: timeOf(Number(facts['step'])) }, 'marker'))
    .filter(({ step }) => step <= last);
  return drawnCurves({ points, evaluations, markers }, 'main', question);
}

/** What the metrics module offers to the rest of the engine. */
import type {
  Activity,
  BranchValidation,
  CurveKey,
  Curves,
  EvaluationPoint,
  Marker,
  MetricPoint,
  MetricsNews,
  MonitoringSkip,
  Preview,
} from '../../contract/index.ts';
import type { Emitter } from '../../kit/emitter.ts';
import type { MeasuredStep, PassEvaluations } from './history.ts';
import type { Exact } from './parse.ts';
import type { RunCosts } from './run-costs.ts';

export interface CurvesInput {
  readonly keys: readonly CurveKey[];
  /** First and last step; null: all. */
  readonly from: number | null;
  readonly to: number | null;
  readonly buckets: number;
  /** Of the drawn curve only; in [0, 1). */
  readonly smoothing: number;
}

export interface Latest {
  readonly point: MetricPoint | null;
  /** The training loss that the gap refers to (`SMOOTHING_WEIGHT`), at the latest step. */
  readonly smoothed: number | null;
  readonly evaluation: EvaluationPoint | null;
  readonly exact: Exact | null;
  readonly checkpointStep: number | null;
  readonly monitoringPercent: number | null;
  readonly microBatch: number | null;
  readonly epoch: number | null;
  readonly samplesPerSecond: number | null;
  readonly previewSkipped: MonitoringSkip | null;
}

export interface MetricsRoom {
  curves(input: CurvesInput): Curves;
  /** The evaluations of every branch. */
  validation(): readonly BranchValidation[];
  activity(hours: number): Promise<Activity>;
  /** Newest first. */
  previews(limit: number): readonly Preview[];
  latest(): Latest;
  /** What was measured at exactly this step; nulls where nothing was. */
  at(step: number): MeasuredStep;
  /** What was measured before the first step of a pass and after its last one. */
  ofPass(pass: string): PassEvaluations;
  /** What the current run took so far; null until the history was read. */
  costs(): RunCosts | null;
  /** Resolves when everything that the files held at the start has been read. */
  readonly settled: Promise<void>;
  mark(marker: Marker): void;
  /** Reads all runs again; for a change of the ancestry. */
  follow(): Promise<void>;
  readonly news: Emitter<MetricsNews>;
  close(): void;
}

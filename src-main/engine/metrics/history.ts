/**
 * What the runs measured. Points, evaluations and markers are those of the model's ancestry; spans,
 * previews and the evaluations by branch are those of all runs.
 */
import {
  type EvaluationPoint,
  isInAncestry,
  type AncestrySegment,
  type Marker,
  type MetricPoint,
  type MonitoringSkip,
  type Preview,
} from '../../contract/index.ts';
import { type Exact, parseMetric, toEvaluation, toExact, toPreview, toSkip } from './parse.ts';
import { Points } from './points.ts';
import { RunCosts } from './run-costs.ts';
import { TrainingLoss } from './smoothing.ts';

const PREVIEWS_KEPT = 200;

/** One run in the activity strip. */
export interface RunSpan {
  readonly run: string;
  readonly dataset: string;
  from: number;
  to: number;
  readonly paused: { from: number; to: number | null }[];
}

/** null where nothing was measured. */
export interface MeasuredStep {
  readonly evaluation: EvaluationPoint | null;
  /** The training loss that the gap refers to. */
  readonly smoothed: number | null;
}

export interface PassEvaluations {
  readonly start: EvaluationPoint | null;
  readonly end: EvaluationPoint | null;
}

/** What one read added. */
export interface Added {
  /** Earlier points changed: clients request the curve again. */
  reset: boolean;
  previewed: boolean;
  readonly points: MetricPoint[];
  readonly evaluations: EvaluationPoint[];
  readonly markers: Marker[];
}

export class History {
  readonly points = new Points();
  readonly trainingLoss = new TrainingLoss();
  readonly evaluations: EvaluationPoint[] = [];
  readonly previews: Preview[] = [];
  readonly markers: Marker[] = [];
  readonly spans: RunSpan[] = [];
  readonly recoveries: { readonly t: number; readonly label: string; readonly lost: number }[] = [];
  readonly done: number[] = [];
  readonly asleep: { readonly from: number; readonly to: number }[] = [];
  exact: Exact | null = null;
  checkpointStep: number | null = null;
  monitoringPercent: number | null = null;
  epoch: number | null = null;
  samplesPerSecond: number | null = null;
  microBatch: number | null = null;
  /** The newest preview that the monitoring budget left out, until one is made again. */
  previewSkipped: MonitoringSkip | null = null;
  /** What the current run has taken so far. */
  costs = new RunCosts();
  /** By branch, including abandoned ones. */
  readonly validation = new Map<string, EvaluationPoint[]>();
  private readonly passes = new Map<string, PassEvaluations>();
  private readonly ancestry: readonly AncestrySegment[];
  private branch = '';
  private pass = '';
  private dataset = '';
  private hasCrashed = false;

  /** Each fork of the ancestry gets a marker. */
  constructor(ancestry: readonly AncestrySegment[]) {
    this.ancestry = ancestry;
    for (const [index, { upto }] of ancestry.entries()) {
      const next = ancestry[index + 1];
      if (upto !== null && next !== undefined)
        this.markers.push({
          kind: 'branch',
          step: upto,
          t: next.opened,
          until: null,
          label: next.branch,
        });
    }
  }

  /** A run starts; `hasCrashed`: the previous one ended without writing exit.json. */
  open(
    run: string,
    facts: { readonly branch: string; readonly dataset: string; readonly pass: string },
    t: number,
    hasCrashed: boolean,
  ): void {
    this.spans.push({ run, dataset: facts.dataset, from: t, to: t, paused: [] });
    this.branch = facts.branch;
    this.pass = facts.pass;
    this.hasCrashed = hasCrashed;
    this.costs = new RunCosts();
  }

  /** What was measured at exactly this step of the model; never a figure of another step. */
  at(step: number): MeasuredStep {
    const found = this.evaluations.filter((evaluation) => evaluation.step === step);
    const complete = found.findLast((evaluation) => evaluation.exact !== null);
    return { evaluation: complete ?? found.at(-1) ?? null, smoothed: this.trainingLoss.at(step) };
  }

  /** Before the first step of a pass and after its last one. */
  ofPass(pass: string): PassEvaluations {
    return this.passes.get(pass) ?? { start: null, end: null };
  }

  private addToPass(when: unknown, point: EvaluationPoint): void {
    if (this.pass === '' || (when !== 'start' && when !== 'end')) return;
    this.passes.set(this.pass, { ...this.ofPass(this.pass), [when]: point });
  }

  private isInAncestry(step: number): boolean {
    return isInAncestry(this.ancestry, { branch: this.branch, step });
  }

  private get span(): RunSpan | undefined {
    return this.spans.at(-1);
  }

  private mark(marker: Marker, added: Added): void {
    if (!this.isInAncestry(marker.step)) return;
    this.markers.push(marker);
    added.markers.push(marker);
  }

  metric(line: string, added: Added): void {
    const parsed = parseMetric(line);
    if (parsed === null) return;
    const { step, loss, pass, point } = parsed;
    if (parsed.seconds !== null) this.costs.addStep(parsed.seconds);
    if (loss !== null && this.isInAncestry(step)) this.trainingLoss.add(step, pass, loss);
    if (point === null) return;
    if (this.span !== undefined) this.span.to = Math.max(this.span.to, point.t);
    if (!this.isInAncestry(point.step)) return;
    if (this.points.add(point)) this.forgetFrom(point.step, added);
    if (parsed.dataset !== this.dataset) {
      this.dataset = parsed.dataset;
      this.mark(
        {
          kind: 'dataset',
          step: point.step,
          t: point.t,
          until: null,
          label: this.span?.dataset ?? '',
        },
        added,
      );
    }
    this.epoch = parsed.epoch;
    this.samplesPerSecond = parsed.samplesPerSecond;
    this.microBatch = parsed.microBatch;
    // After a reset clients request the whole curve.
    if (!added.reset) added.points.push(point);
  }

  /** A run resumed from an earlier checkpoint: what was measured after it is not in the model. */
  private forgetFrom(step: number, added: Added): void {
    added.reset = true;
    const keep = (entry: { readonly step: number }): boolean => entry.step < step;
    if (this.exact !== null && !keep(this.exact)) this.exact = null;
    this.evaluations.splice(0, this.evaluations.length, ...this.evaluations.filter(keep));
    this.markers.splice(
      0,
      this.markers.length,
      ...this.markers.filter(
        (marker) => keep(marker) || (marker.kind !== 'checkpoint' && marker.kind !== 'dataset'),
      ),
    );
  }

  event(event: Readonly<Record<string, unknown>>, added: Added): void {
    const t = typeof event.t === 'number' ? event.t : 0;
    const step = typeof event.step === 'number' ? event.step : 0;
    const span = this.span;
    if (span !== undefined) span.to = Math.max(span.to, t);
    this.costs.addEvent(event);
    switch (event.type) {
      case 'evaluation': {
        const point = toEvaluation(event);
        if (point === null || event.abandoned === true) return;
        this.validation.set(this.branch, [...(this.validation.get(this.branch) ?? []), point]);
        this.addToPass(event.when, point);
        if (!this.isInAncestry(step)) return;
        this.evaluations.push(point);
        added.evaluations.push(point);
        this.exact = toExact(event) ?? this.exact;
        return;
      }
      case 'preview': {
        const preview = toPreview(event);
        if (preview === null) return;
        this.previews.unshift(preview);
        this.previewSkipped = null;
        added.previewed = true;
        this.previews.length = Math.min(this.previews.length, PREVIEWS_KEPT);
        return;
      }
      case 'checkpoint':
        if (this.isInAncestry(step)) this.checkpointStep = step;
        this.mark({ kind: 'checkpoint', step, t, until: null, label: 'checkpoint' }, added);
        return;
      case 'resumed':
        this.validation.set(
          this.branch,
          (this.validation.get(this.branch) ?? []).filter((evaluation) => evaluation.step <= step),
        );
        if (this.isInAncestry(step)) {
          this.trainingLoss.cutAfter(step);
          if (this.points.cutAfter(step)) this.forgetFrom(step + 1, added);
        }
        if (this.hasCrashed) {
          const lost = typeof event.lost_steps === 'number' ? event.lost_steps : 0;
          this.recoveries.push({ t, label: `recovered, ${String(lost)} steps lost`, lost });
          this.mark({ kind: 'recovery', step, t, until: null, label: 'recovery' }, added);
        }
        return;
      case 'paused':
        span?.paused.push({ from: t, to: null });
        this.mark({ kind: 'pause', step, t, until: null, label: 'paused' }, added);
        return;
      case 'unpaused': {
        const last = span?.paused.at(-1);
        if (last !== undefined) last.to ??= t;
        const shown = this.markers.findLast((marker) => marker.kind === 'pause');
        if (shown !== undefined) shown.until ??= t;
        // The marker became a span, so clients request it again.
        added.reset = true;
        return;
      }
      case 'monitoring_skipped':
        if (event.what !== 'preview') return;
        this.previewSkipped = toSkip(event);
        added.previewed = true;
        return;
      case 'monitoring':
        this.monitoringPercent = typeof event.percent === 'number' ? event.percent : null;
        return;
      case 'finished':
        if (event.outcome === 'completed') this.done.push(t);
        return;
      default:
    }
  }
}

/**
 * What the runs say when their files are read one after another: the curve of the line that leads to the head with its evaluations and
 * markers, and of all runs the spans, previews and the evaluations of each branch.
 */
import {
  type EvaluationPoint,
  isInAncestry,
  type AncestrySegment,
  type Marker,
  type MetricPoint,
  type Preview,
} from '../../contract/index.ts';
import { type Exact, parseMetric, toEvaluation, toExact, toPreview } from './parse.ts';
import { Points } from './points.ts';

const previewsKept = 200;

/** One run as the strip draws it. */
export interface RunSpan {
  readonly run: string;
  readonly dataset: string;
  from: number;
  to: number;
  readonly paused: { from: number; to: number | null }[];
}

export interface Added {
  reset: boolean;
  /** A preview came: nothing to draw, but something to show. */
  previewed: boolean;
  readonly points: MetricPoint[];
  readonly evaluations: EvaluationPoint[];
  readonly markers: Marker[];
}

export class History {
  readonly points = new Points();
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
  /** Of each branch, also of those that were left. */
  readonly validation = new Map<string, EvaluationPoint[]>();
  private readonly ancestry: readonly AncestrySegment[];
  private branch = '';
  private dataset = '';
  private crashed = false;

  /** The forks of the line are marked where they were made. */
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

  /** A run begins; `crashed`: the one before it left without a word. */
  open(run: string, branch: string, dataset: string, t: number, crashed: boolean): void {
    this.spans.push({ run, dataset, from: t, to: t, paused: [] });
    this.branch = branch;
    this.crashed = crashed;
  }

  private counts(step: number): boolean {
    return isInAncestry(this.ancestry, { branch: this.branch, step });
  }

  private get span(): RunSpan | undefined {
    return this.spans.at(-1);
  }

  private mark(marker: Marker, added: Added): void {
    if (!this.counts(marker.step)) return;
    this.markers.push(marker);
    added.markers.push(marker);
  }

  metric(line: string, added: Added): void {
    const parsed = parseMetric(line);
    if (parsed === null) return;
    const { point } = parsed;
    if (this.span !== undefined) this.span.to = Math.max(this.span.to, point.t);
    if (!this.counts(point.step)) return;
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
    // Who draws asks anew after a reset.
    if (!added.reset) added.points.push(point);
  }

  /** A run went on from a checkpoint: what was measured beyond it did not happen on this line. */
  private forgetFrom(step: number, added: Added): void {
    added.reset = true;
    const keep = (entry: { readonly step: number }): boolean => entry.step < step;
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
    switch (event.type) {
      case 'evaluation': {
        const point = toEvaluation(event);
        if (point === null || event.abandoned === true) return;
        this.validation.set(this.branch, [...(this.validation.get(this.branch) ?? []), point]);
        if (!this.counts(step)) return;
        this.evaluations.push(point);
        added.evaluations.push(point);
        this.exact = toExact(event) ?? this.exact;
        return;
      }
      case 'preview': {
        const entry = toPreview(event);
        if (entry === null) return;
        this.previews.unshift(entry);
        added.previewed = true;
        this.previews.length = Math.min(this.previews.length, previewsKept);
        return;
      }
      case 'checkpoint':
        if (this.counts(step)) this.checkpointStep = step;
        this.mark({ kind: 'checkpoint', step, t, until: null, label: 'checkpoint' }, added);
        return;
      case 'resumed':
        this.validation.set(
          this.branch,
          (this.validation.get(this.branch) ?? []).filter((evaluation) => evaluation.step <= step),
        );
        if (this.counts(step) && this.points.cutAfter(step)) this.forgetFrom(step + 1, added);
        if (this.crashed) {
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
        // The marker grew to a span: who draws it asks anew.
        added.reset = true;
        return;
      }
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

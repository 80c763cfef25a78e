/** Data of the lineage chart: one curve per branch, and marks of saved points. Pure. */
import {
  ancestryOf,
  type BranchValidation,
  type LineageState,
} from '../../../../src-main/contract/index.ts';
import { backupKey, checkpointKey, versionKey, type SavedModels } from '../saved-models.ts';

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
}

/** A part of one branch that is either in the model's ancestry or abandoned. */
export interface Segment {
  readonly branch: string;
  readonly isActive: boolean;
  readonly points: readonly PlotPoint[];
  /** Text at its end, null for none. */
  readonly label: string | null;
  /** Index of the dash pattern of an abandoned branch. */
  readonly order: number;
}

export interface PlotMark {
  readonly key: string;
  readonly kind: 'version' | 'checkpoint' | 'backup';
  readonly branch: string;
  readonly step: number;
  /** Loss on the curve, null where nothing was measured. */
  readonly y: number | null;
  readonly isActive: boolean;
  /** Text next to the mark, empty for none. */
  readonly label: string;
}

export interface LineagePlot {
  readonly segments: readonly Segment[];
  readonly forks: readonly PlotPoint[];
  /** Sorted by step, which is the order of the arrow keys. */
  readonly marks: readonly PlotMark[];
  readonly now: { readonly step: number; readonly y: number } | null;
  readonly last: number;
  readonly low: number;
  readonly high: number;
}

type Ancestry = ReadonlyMap<string, number>;

/** Ancestry of the head: branch name to the last step on it that belongs to the model. */
export const headAncestry = ({
  branches,
  head,
}: Pick<LineageState, 'head' | 'branches'>): Ancestry =>
  new Map(
    ancestryOf(branches, head).map((segment) => [
      segment.branch,
      segment.upto ?? Number.POSITIVE_INFINITY,
    ]),
  );

function at(points: readonly PlotPoint[], step: number): number | null {
  const after = points.findIndex((point) => point.x >= step);
  const right = points[after];
  const left = points[after - 1];
  if (right === undefined) return points[points.length - 1]?.y ?? null;
  if (left === undefined || right.x === step) return right.y;
  return left.y + ((right.y - left.y) * (step - left.x)) / (right.x - left.x);
}

/** Validation losses per branch, each curve starting at its fork. Parents come before their children. */
function curvesOf(
  lineage: LineageState,
  validation: readonly BranchValidation[],
): ReadonlyMap<string, readonly PlotPoint[]> {
  const curves = new Map<string, readonly PlotPoint[]>();
  for (const { name, parent } of lineage.branches) {
    const own = (validation.find((entry) => entry.branch === name)?.evaluations ?? [])
      .flatMap((evaluation): PlotPoint[] => {
        const y = evaluation.core_loss;
        return y === null || evaluation.step <= (parent?.step ?? -1)
          ? []
          : [{ x: evaluation.step, y }];
      })
      .sort((a, b) => a.x - b.x);
    const root = parent === null ? null : at(curves.get(parent.branch) ?? [], parent.step);
    curves.set(
      name,
      parent === null || root === null || own.length === 0
        ? own
        : [{ x: parent.step, y: root }, ...own],
    );
  }
  return curves;
}

function segmentsOf(
  lineage: LineageState,
  curves: ReadonlyMap<string, readonly PlotPoint[]>,
  ancestry: Ancestry,
): readonly Segment[] {
  let order = 0;
  return lineage.branches.flatMap(({ name, newest_step }): Segment[] => {
    const points = curves.get(name) ?? [];
    const upto = ancestry.get(name) ?? Number.NEGATIVE_INFINITY;
    const inside = points.filter((point) => point.x <= upto);
    const outside = points.filter((point) => point.x > upto);
    const edge = Number.isFinite(upto) ? at(points, upto) : null;
    const seam: readonly PlotPoint[] =
      edge === null || outside.length === 0 ? [] : [{ x: upto, y: edge }];
    const out: Segment[] = [];
    if (inside.length > 0)
      out.push({
        branch: name,
        isActive: true,
        points: [...inside, ...seam],
        label: null,
        order: 0,
      });
    if (outside.length > 0) {
      order += 1;
      out.push({
        branch: name,
        isActive: false,
        points: [...(inside.length > 0 ? seam : []), ...outside],
        label:
          newest_step === null
            ? name
            : `${name}, abandoned at ${newest_step.toLocaleString('en-US')}`,
        order,
      });
    }
    return out;
  });
}

function marksOf(
  saved: SavedModels,
  curves: ReadonlyMap<string, readonly PlotPoint[]>,
  ancestry: Ancestry,
): readonly PlotMark[] {
  const mark = (
    kind: PlotMark['kind'],
    key: string,
    branch: string,
    step: number,
    label: string,
  ): PlotMark => ({
    kind,
    key,
    branch,
    step,
    label,
    y: at(curves.get(branch) ?? [], step),
    isActive: step <= (ancestry.get(branch) ?? Number.NEGATIVE_INFINITY),
  });
  const order: Readonly<Record<PlotMark['kind'], number>> = {
    version: 0,
    backup: 1,
    checkpoint: 2,
  };
  return [
    ...saved.versions.map((version) =>
      mark(
        'version',
        versionKey(version),
        version.branch,
        version.step,
        `v${String(version.number).padStart(3, '0')}`,
      ),
    ),
    ...saved.backups.flatMap((backup) =>
      backup.branch === null || backup.step === null
        ? []
        : [mark('backup', backupKey(backup), backup.branch, backup.step, '')],
    ),
    ...saved.checkpoints.map((checkpoint) =>
      mark('checkpoint', checkpointKey(checkpoint), checkpoint.branch, checkpoint.step, ''),
    ),
  ].sort((a, b) => a.step - b.step || order[a.kind] - order[b.kind]);
}

/**
 * Range of the vertical axis. Losses before three quarters of the way to the first saved point are ignored: the steep start of
 * training would flatten the rest of the curve.
 */
function rangeOf(
  points: readonly PlotPoint[],
  marks: readonly PlotMark[],
): { readonly low: number; readonly high: number } {
  const last = Math.max(...points.map((point) => point.x));
  const since = Math.min(marks[0]?.step ?? last, last) * 0.75;
  const late = points.filter((point) => point.x >= since);
  const values = [...(late.length === 0 ? points : late), ...marks]
    .map((point) => point.y)
    .filter((y) => y !== null);
  return { low: Math.min(...values), high: Math.max(...values) };
}

/** null until a validation loss is measured. `now` is the newest step of the head, null when unknown. */
export function lineagePlotOf(
  lineage: LineageState,
  saved: SavedModels,
  validation: readonly BranchValidation[],
  now: number | null,
): LineagePlot | null {
  const curves = curvesOf(lineage, validation);
  const values = [...curves.values()].flatMap((points) => points.map((point) => point.y));
  if (values.length === 0) return null;
  const ancestry = headAncestry(lineage);
  const marks = marksOf(saved, curves, ancestry);
  const { low, high } = rangeOf([...curves.values()].flat(), marks);
  const margin = Math.max(0.01, (high - low) * 0.08);
  const headCurve = curves.get(lineage.head) ?? [];
  const y = now === null ? null : at(headCurve, now);
  return {
    segments: segmentsOf(lineage, curves, ancestry),
    forks: lineage.branches.flatMap(({ name, parent }) => {
      const value = parent === null ? null : at(curves.get(parent.branch) ?? [], parent.step);
      return parent === null || value === null || (curves.get(name) ?? []).length === 0
        ? []
        : [{ x: parent.step, y: value }];
    }),
    marks,
    now: now === null || y === null ? null : { step: now, y },
    last: Math.max(
      1,
      now ?? 0,
      ...marks.map((mark) => mark.step),
      ...[...curves.values()].flatMap((points) => points.map((point) => point.x)),
    ),
    low: Math.max(0, low - margin),
    high: high + margin,
  };
}

/** The lineage as a picture: one line a branch with its fork, marks of what is kept, what a restore takes out of it. Pure. */
import {
  ancestryOf,
  type BranchValidation,
  type LineageState,
  type RestorePlan,
} from '../../../src-main/contract/index.ts';
import { backupKey, checkpointKey, versionKey, type DatasetStore } from './points.ts';

export interface Dot {
  readonly x: number;
  readonly y: number;
}

/** A stretch of one branch: in the model, or left. */
export interface Stretch {
  readonly branch: string;
  readonly inModel: boolean;
  readonly dots: readonly Dot[];
  /** What stands at its end; null: nothing. */
  readonly label: string | null;
  /** Which dash a left branch has. */
  readonly order: number;
}

export interface PictureMark {
  readonly key: string;
  readonly kind: 'version' | 'checkpoint' | 'backup';
  readonly branch: string;
  readonly step: number;
  /** On the curve; null where nothing was measured. */
  readonly y: number | null;
  readonly inModel: boolean;
  /** What is written beside it; empty: nothing. */
  readonly label: string;
}

export interface Picture {
  readonly stretches: readonly Stretch[];
  readonly forks: readonly Dot[];
  /** Ordered by step: the order of the arrow keys. */
  readonly marks: readonly PictureMark[];
  readonly now: { readonly step: number; readonly y: number } | null;
  readonly last: number;
  readonly low: number;
  readonly high: number;
}

type Line = ReadonlyMap<string, number>;

/** The head's line: each branch of it with the last step that counts. */
const headLine = ({ branches, head }: Pick<LineageState, 'head' | 'branches'>): Line =>
  new Map(
    ancestryOf(branches, head).map((segment) => [
      segment.branch,
      segment.upto ?? Number.POSITIVE_INFINITY,
    ]),
  );

function at(dots: readonly Dot[], step: number): number | null {
  const after = dots.findIndex((dot) => dot.x >= step);
  const right = dots[after];
  const left = dots[after - 1];
  if (right === undefined) return dots[dots.length - 1]?.y ?? null;
  if (left === undefined || right.x === step) return right.y;
  return left.y + ((right.y - left.y) * (step - left.x)) / (right.x - left.x);
}

/** The measured values of every branch, each beginning at its fork. Parents come before their children. */
function curvesOf(
  lineage: LineageState,
  validation: readonly BranchValidation[],
): ReadonlyMap<string, readonly Dot[]> {
  const curves = new Map<string, readonly Dot[]>();
  for (const { name, parent } of lineage.branches) {
    const own = (validation.find((entry) => entry.branch === name)?.evaluations ?? [])
      .flatMap((evaluation): Dot[] => {
        const y = evaluation.core_loss ?? evaluation.slice_loss;
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

function stretchesOf(
  lineage: LineageState,
  curves: ReadonlyMap<string, readonly Dot[]>,
  line: Line,
): readonly Stretch[] {
  let order = 0;
  return lineage.branches.flatMap(({ name, newest_step }): Stretch[] => {
    const dots = curves.get(name) ?? [];
    const upto = line.get(name) ?? Number.NEGATIVE_INFINITY;
    const inside = dots.filter((dot) => dot.x <= upto);
    const outside = dots.filter((dot) => dot.x > upto);
    const edge = Number.isFinite(upto) ? at(dots, upto) : null;
    const seam: readonly Dot[] =
      edge === null || outside.length === 0 ? [] : [{ x: upto, y: edge }];
    const out: Stretch[] = [];
    if (inside.length > 0)
      out.push({ branch: name, inModel: true, dots: [...inside, ...seam], label: null, order: 0 });
    if (outside.length > 0) {
      order += 1;
      out.push({
        branch: name,
        inModel: false,
        dots: [...(inside.length > 0 ? seam : []), ...outside],
        label:
          newest_step === null ? name : `${name}, left at ${newest_step.toLocaleString('en-US')}`,
        order,
      });
    }
    return out;
  });
}

function marksOf(
  shelf: DatasetStore,
  curves: ReadonlyMap<string, readonly Dot[]>,
  line: Line,
): readonly PictureMark[] {
  const mark = (
    kind: PictureMark['kind'],
    key: string,
    branch: string,
    step: number,
    label: string,
  ): PictureMark => ({
    kind,
    key,
    branch,
    step,
    label,
    y: at(curves.get(branch) ?? [], step),
    inModel: step <= (line.get(branch) ?? Number.NEGATIVE_INFINITY),
  });
  const order: Readonly<Record<PictureMark['kind'], number>> = {
    version: 0,
    backup: 1,
    checkpoint: 2,
  };
  return [
    ...shelf.versions.map((version) =>
      mark(
        'version',
        versionKey(version),
        version.branch,
        version.step,
        `v${String(version.number).padStart(3, '0')}`,
      ),
    ),
    ...shelf.backups.flatMap((backup) =>
      backup.branch === null || backup.step === null
        ? []
        : [mark('backup', backupKey(backup), backup.branch, backup.step, '')],
    ),
    ...shelf.checkpoints.map((checkpoint) =>
      mark('checkpoint', checkpointKey(checkpoint), checkpoint.branch, checkpoint.step, ''),
    ),
  ].sort((a, b) => a.step - b.step || order[a.kind] - order[b.kind]);
}

/**
 * The span of the values. The steep beginning of a training is left to the upper edge what lies before three quarters of the way
 * to the first kept point is not counted.
 */
function rangeOf(
  dots: readonly Dot[],
  marks: readonly PictureMark[],
): { readonly low: number; readonly high: number } {
  const last = Math.max(...dots.map((dot) => dot.x));
  const since = Math.min(marks[0]?.step ?? last, last) * 0.75;
  const late = dots.filter((dot) => dot.x >= since);
  const values = [...(late.length === 0 ? dots : late), ...marks]
    .map((dot) => dot.y)
    .filter((y) => y !== null);
  return { low: Math.min(...values), high: Math.max(...values) };
}

/** null as long as no validation loss was measured. `now` is the newest step of the head, when it is known. */
export function pictureOf(
  lineage: LineageState,
  shelf: DatasetStore,
  validation: readonly BranchValidation[],
  now: number | null,
): Picture | null {
  const curves = curvesOf(lineage, validation);
  const values = [...curves.values()].flatMap((dots) => dots.map((dot) => dot.y));
  if (values.length === 0) return null;
  const line = headLine(lineage);
  const marks = marksOf(shelf, curves, line);
  const { low, high } = rangeOf([...curves.values()].flat(), marks);
  const margin = Math.max(0.01, (high - low) * 0.08);
  const headCurve = curves.get(lineage.head) ?? [];
  const y = now === null ? null : at(headCurve, now);
  return {
    stretches: stretchesOf(lineage, curves, line),
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
      ...[...curves.values()].flatMap((dots) => dots.map((dot) => dot.x)),
    ),
    low: Math.max(0, low - margin),
    high: high + margin,
  };
}

/** What a planned restore takes out of the model, and the branch that it takes back in. */
export interface Leaving {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  /** The branch that is gone back to and up to where; null: the point lies in the head's own line. */
  readonly back: { readonly branch: string; readonly step: number } | null;
}

export function leavingOf(plan: RestorePlan, lineage: LineageState): Leaving {
  const { from, to, steps_leaving: steps } = plan;
  const isInAncestry = to.step <= (headLine(lineage).get(to.branch) ?? Number.NEGATIVE_INFINITY);
  return {
    from: from.step - steps,
    to: from.step,
    steps,
    back: isInAncestry ? null : { branch: to.branch, step: to.step },
  };
}

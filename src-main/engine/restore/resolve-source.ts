/** Which kept point a source means. Pure. Refusals NOT_FOUND, NOT_READY. */
import {
  type BranchFacts,
  isInAncestry,
  ancestryOf,
  type AncestrySegment,
  type Point,
  Refusal,
  type RestoreSource,
} from '../../contract/index.ts';
import type { TrainedDataset } from '../datasets/index.ts';
import type { BranchEntry } from '../versions/index.ts';
import type { KeptPoint } from './types.ts';

export interface Chosen {
  readonly kept: KeptPoint;
  /** A sentence when what is kept is not exactly what was asked for. */
  readonly note: string | null;
}

export interface ChoiceReadings {
  readonly head: string;
  readonly branches: readonly BranchEntry[];
  /** Where the model stands; null: nothing was ever saved. */
  readonly at: Point | null;
  /** Versions and checkpoints of every branch, and backups. */
  readonly kept: readonly KeptPoint[];
  /** The base as a point before the first step; null: it cannot be read. */
  readonly base: KeptPoint | null;
  /** The base that is asked for, as the point before the first step of a new lineage; null: none is, or it cannot be read. */
  readonly named: KeptPoint | null;
  readonly datasets: readonly TrainedDataset[];
}

const place = (point: Point): string => `step ${String(point.step)} of ${point.branch}`;

/** At the same step: with moments before without, and of the branch that is nearest to the end of the line. */
function newest(
  kept: readonly KeptPoint[],
  ancestry: readonly AncestrySegment[],
): KeptPoint | null {
  const rank = (point: KeptPoint): readonly number[] => [
    point.step,
    point.optimizerState === null ? 0 : 1,
    ancestry.findIndex((segment) => segment.branch === point.branch),
  ];
  const isAbove = (point: KeptPoint, other: KeptPoint): boolean => {
    const ranks = rank(other);
    const differs = rank(point).map((value, at) => value - (ranks[at] ?? 0));
    return (differs.find((value) => value !== 0) ?? 0) > 0;
  };
  return kept.reduce<KeptPoint | null>(
    (best, point) => (best === null || isAbove(point, best) ? point : best),
    null,
  );
}

/** The newest kept point of a line that is not after `step`. Backups are asked for by name only. */
function nearest(
  r: ChoiceReadings,
  ancestry: readonly AncestrySegment[],
  step: number,
): KeptPoint | null {
  return newest(
    r.kept.filter(
      (point) =>
        point.origin.kind !== 'backup' && point.step <= step && isInAncestry(ancestry, point),
    ),
    ancestry,
  );
}

function nothing(what: string, next: string): never {
  throw new Refusal('NOT_READY', what, { next });
}

const listed = 'versions list and checkpoints list name what is kept.';
const listedToo = 'versions list and checkpoints list name the others.';

export function choose(source: RestoreSource, r: ChoiceReadings): Chosen {
  const found = (kept: KeptPoint | undefined, what: string, subject: string): Chosen => {
    if (kept === undefined) throw new Refusal('NOT_FOUND', what, { subject, next: listed });
    return { kept, note: null };
  };
  switch (source.kind) {
    case 'version':
      return found(
        r.kept.find(
          (point) => point.origin.kind === 'version' && point.origin.name === source.name,
        ),
        `There is no version ${source.name}.`,
        source.name,
      );
    case 'checkpoint':
      return checkpoint(r, source);
    case 'backup':
      return found(
        r.kept.find((point) => point.origin.kind === 'backup' && point.origin.id === source.id),
        `There is no backup ${source.id} that holds a model.`,
        source.id,
      );
    case 'rollback':
      return rollback(r);
    case 'undo_dataset':
      return undoDataset(r, source.dataset);
    case 'base':
      if (r.named === null)
        throw new Refusal('NOT_FOUND', `There is no base model ${source.id} with weights.`, {
          subject: source.id,
          next: 'Make it first; base list names those that are there.',
        });
      return { kept: r.named, note: null };
  }
}

function checkpoint(r: ChoiceReadings, wanted: Point): Chosen {
  const ofBranch = r.kept.filter(
    (point) => point.origin.kind === 'checkpoint' && point.branch === wanted.branch,
  );
  const kept = ofBranch.find((point) => point.step === wanted.step);
  if (kept !== undefined) return { kept, note: null };
  const away = (point: KeptPoint): number => Math.abs(point.step - wanted.step);
  const nearby = ofBranch.reduce<KeptPoint | null>(
    (best, point) => (best === null || away(point) < away(best) ? point : best),
    null,
  );
  throw new Refusal('NOT_FOUND', `There is no complete checkpoint of ${place(wanted)}.`, {
    subject: place(wanted),
    next:
      nearby === null ? listed : `The nearest one that is kept is ${place(nearby)}. ${listedToo}`,
  });
}

function rollback(r: ChoiceReadings): Chosen {
  const left = r.branches.find((branch) => branch.name === r.head)?.left ?? null;
  if (left !== null) {
    const kept = nearest(r, ancestryOf(facts(r.branches), left.branch), left.step);
    if (kept === null) return nothing(`Nothing of ${left.branch} is kept any more.`, listed);
    return { kept, note: kept.step === left.step ? null : missing(left, kept) };
  }
  const { at } = r;
  if (at === null) return nothing('Nothing was trained yet.', 'Train first.');
  const ancestry = ancestryOf(facts(r.branches), r.head);
  const versions = r.kept.filter(
    (point) =>
      point.origin.kind === 'version' && point.step < at.step && isInAncestry(ancestry, point),
  );
  const kept = newest(versions, ancestry);
  return kept === null
    ? nothing(`There is no version before step ${String(at.step)}.`, listed)
    : { kept, note: null };
}

function undoDataset(r: ChoiceReadings, id: string): Chosen {
  const dataset = r.datasets.find((dataset) => dataset.id === id);
  if (dataset === undefined)
    throw new Refusal('NOT_FOUND', 'There is no such dataset.', { subject: id });
  const ancestry = ancestryOf(facts(r.branches), r.head);
  const first = dataset.ledger.firstIn(ancestry);
  if (first === null)
    return nothing(
      `${dataset.name} is not in this model: no step of it was trained on the line that leads to it.`,
      'queue retry trains it.',
    );
  const before = first.step - 1;
  if (before === 0)
    return r.base === null
      ? nothing('The base model cannot be read, and nothing before the first step is kept.', listed)
      : { kept: r.base, note: null };
  const kept = nearest(r, ancestry, before);
  if (kept === null)
    return nothing(
      `No version and no checkpoint at or before step ${String(before)} is kept, which is where ${dataset.name} began.`,
      listed,
    );
  return {
    kept,
    note: kept.step === before ? null : missing({ branch: first.branch, step: before }, kept),
  };
}

const missing = (wanted: Point, kept: KeptPoint): string =>
  `Nothing of step ${String(wanted.step)} is kept; the nearest before it is step ${String(kept.step)} of ${kept.branch}.`;

export const facts = (
  branches: readonly BranchEntry[],
): readonly Pick<BranchFacts, 'name' | 'parent' | 'opened'>[] => branches;

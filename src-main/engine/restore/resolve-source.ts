/** Which saved point a restore source means. Pure. Refusals NOT_FOUND, NOT_READY. */
import {
  ancestryOf,
  type AncestrySegment,
  isInAncestry,
  type Point,
  Refusal,
  type RestoreSource,
} from '../../contract/index.ts';
import type { TrainedDataset } from '../datasets/index.ts';
import type { BranchEntry } from '../lineage/index.ts';
import type { SavedPoint } from './types.ts';

export interface ResolvedSource {
  readonly point: SavedPoint;
  /** A sentence when the point is not exactly what was asked for. */
  readonly note: string | null;
}

export interface SourceInputs {
  readonly head: string;
  readonly branches: readonly BranchEntry[];
  /** Where the model is; null: nothing was ever saved. */
  readonly at: Point | null;
  /** Versions and checkpoints of every branch, and backups. */
  readonly saved: readonly SavedPoint[];
  /** The base model of the lineage as the point before the first step; null: it can't be read. */
  readonly base: SavedPoint | null;
  /**
   * The base model that was asked for, as the first point of a new lineage; null: none was, or it
   * can't be read.
   */
  readonly requestedBase: SavedPoint | null;
  readonly datasets: readonly TrainedDataset[];
}

const SEE_ALL = 'nightshift versions list and nightshift checkpoints list show what is saved.';
const SEE_OTHERS = 'nightshift versions list and nightshift checkpoints list show the others.';

export const pointName = (point: Point): string => `step ${String(point.step)} of ${point.branch}`;

export function resolveSource(source: RestoreSource, inputs: SourceInputs): ResolvedSource {
  switch (source.kind) {
    case 'version':
      return exact(
        inputs.saved.find(({ origin }) => origin.kind === 'version' && origin.name === source.name),
        `There is no version ${source.name}.`,
        source.name,
      );
    case 'checkpoint':
      return resolveCheckpoint(inputs, source);
    case 'backup':
      return exact(
        inputs.saved.find(({ origin }) => origin.kind === 'backup' && origin.id === source.id),
        `There is no backup ${source.id} that contains a model.`,
        source.id,
      );
    case 'rollback':
      return resolveRollback(inputs);
    case 'undo_dataset':
      return resolveUndo(inputs, source.dataset);
    case 'base':
      return exact(
        inputs.requestedBase ?? undefined,
        `There is no base model ${source.id} with weights.`,
        source.id,
        'Create it first; nightshift base list shows the available ones.',
      );
  }
}

function exact(
  point: SavedPoint | undefined,
  message: string,
  subject: string,
  next = SEE_ALL,
): ResolvedSource {
  if (point === undefined) throw new Refusal('NOT_FOUND', message, { subject, next });
  return { point, note: null };
}

function notReady(message: string, next: string): never {
  throw new Refusal('NOT_READY', message, { next });
}

function resolveCheckpoint({ saved }: SourceInputs, wanted: Point): ResolvedSource {
  const ofBranch = saved.filter(
    (point) => point.origin.kind === 'checkpoint' && point.branch === wanted.branch,
  );
  const point = ofBranch.find((candidate) => candidate.step === wanted.step);
  if (point !== undefined) return { point, note: null };
  const distance = (candidate: Point): number => Math.abs(candidate.step - wanted.step);
  const nearby = ofBranch.reduce<SavedPoint | null>(
    (best, candidate) => (best === null || distance(candidate) < distance(best) ? candidate : best),
    null,
  );
  throw new Refusal('NOT_FOUND', `There is no complete checkpoint of ${pointName(wanted)}.`, {
    subject: pointName(wanted),
    next:
      nearby === null ? SEE_ALL : `The nearest checkpoint is ${pointName(nearby)}. ${SEE_OTHERS}`,
  });
}

function resolveRollback(inputs: SourceInputs): ResolvedSource {
  const { branches, head, at, saved } = inputs;
  const left = branches.find((branch) => branch.name === head)?.left ?? null;
  if (left !== null) {
    const point = newestUpTo(inputs, ancestryOf(branches, left.branch), left.step);
    if (point === null) return notReady(`Nothing of ${left.branch} is saved any more.`, SEE_ALL);
    return { point, note: point.step === left.step ? null : missingNote(left, point) };
  }
  if (at === null) return notReady('Nothing was trained yet.', 'Train first.');
  const ancestry = ancestryOf(branches, head);
  const versions = saved.filter(
    (point) =>
      point.origin.kind === 'version' && point.step < at.step && isInAncestry(ancestry, point),
  );
  const point = newest(versions, ancestry);
  return point === null
    ? notReady(`There is no version before step ${String(at.step)}.`, SEE_ALL)
    : { point, note: null };
}

function resolveUndo(inputs: SourceInputs, id: string): ResolvedSource {
  const dataset = inputs.datasets.find((trained) => trained.id === id);
  if (dataset === undefined)
    throw new Refusal('NOT_FOUND', 'There is no such dataset.', { subject: id });
  const ancestry = ancestryOf(inputs.branches, inputs.head);
  const first = dataset.ledger.firstIn(ancestry);
  if (first === null)
    return notReady(
      `${dataset.name} is not in this model: no step that led to it trained ${dataset.name}.`,
      'To train it: nightshift queue retry',
    );
  const before = first.step - 1;
  if (before === 0)
    return inputs.base === null
      ? notReady("The base model can't be read, and nothing earlier is saved.", SEE_ALL)
      : { point: inputs.base, note: null };
  const point = newestUpTo(inputs, ancestry, before);
  if (point === null)
    return notReady(
      `No version or checkpoint from before ${dataset.name} is saved (step ${String(before)} or earlier).`,
      SEE_ALL,
    );
  const wanted = { branch: first.branch, step: before };
  return { point, note: point.step === before ? null : missingNote(wanted, point) };
}

/** The newest saved point of the ancestry up to `step`. Backups have to be named. */
function newestUpTo(
  { saved }: SourceInputs,
  ancestry: readonly AncestrySegment[],
  step: number,
): SavedPoint | null {
  return newest(
    saved.filter(
      (point) =>
        point.origin.kind !== 'backup' && point.step <= step && isInAncestry(ancestry, point),
    ),
    ancestry,
  );
}

/** Of the same step: one with optimizer state first, then the one on the youngest branch. */
function newest(
  points: readonly SavedPoint[],
  ancestry: readonly AncestrySegment[],
): SavedPoint | null {
  const rank = (point: SavedPoint): readonly number[] => [
    point.step,
    point.optimizerState === null ? 0 : 1,
    ancestry.findIndex((segment) => segment.branch === point.branch),
  ];
  const isNewer = (point: SavedPoint, other: SavedPoint): boolean => {
    const ranks = rank(other);
    const differences = rank(point).map((value, index) => value - (ranks[index] ?? 0));
    return (differences.find((difference) => difference !== 0) ?? 0) > 0;
  };
  return points.reduce<SavedPoint | null>(
    (best, point) => (best === null || isNewer(point, best) ? point : best),
    null,
  );
}

const missingNote = (wanted: Point, point: SavedPoint): string =>
  `Step ${String(wanted.step)} is not saved; the nearest earlier point is ${pointName(point)}.`;

/** The datasets whose part in the model a restore changes, and what follows for them. Pure. */
import {
  ancestryOf,
  type AncestrySegment,
  type Point,
  type RestorePlan,
  type UndoneChoice,
} from '../../contract/index.ts';
import type { Aftermath } from '../queue/index.ts';
import type { RestoreInputs } from './decide.ts';

/** A dataset whose part in the model changes. */
interface ChangedDataset {
  readonly id: string;
  readonly name: string;
  readonly canQueue: boolean;
  /** In the queue or in training: it would be trained next. */
  readonly isUnfinished: boolean;
  /** Where its part in the model ends after the restore. */
  readonly last: NonNullable<Aftermath['accounts'][number]['place']> | null;
  /** Steps in the model after the restore. */
  readonly steps: number;
  /** Steps that are removed from the model. */
  readonly removed: number;
  /** Its first step in the model before the restore. */
  readonly first: number;
}

/** `to` null: a new lineage, which shares no step with the old one. */
export function changedDatasets(
  inputs: RestoreInputs,
  to: Point | null,
): readonly ChangedDataset[] {
  const before = ancestryOf(inputs.branches, inputs.head);
  const after: readonly AncestrySegment[] = [
    ...(to === null ? [] : ancestryOf(inputs.branches, to.branch, to.step)),
    { branch: inputs.newBranch, upto: null, opened: inputs.now },
  ];
  const shared = intersection(before, after);
  return inputs.datasets
    .map(({ id, name, place, ledger }) => ({
      id,
      name,
      isUnfinished: place === 'queue' || place === 'processing',
      last: ledger.lastIn(after),
      canQueue: place !== null,
      steps: ledger.stepsIn(after),
      stepsBefore: ledger.stepsIn(before),
      removed: ledger.stepsIn(before) - ledger.stepsIn(shared),
      first: ledger.firstIn(before)?.step ?? 0,
    }))
    .filter((dataset) => dataset.removed > 0 || dataset.steps !== dataset.stepsBefore);
}

/** The segments that two ancestries have in common. */
function intersection(
  a: readonly AncestrySegment[],
  b: readonly AncestrySegment[],
): readonly AncestrySegment[] {
  return a.flatMap((segment) => {
    const other = b.find((known) => known.branch === segment.branch);
    if (other === undefined) return [];
    const upto =
      segment.upto === null ? other.upto : Math.min(segment.upto, other.upto ?? Infinity);
    return [{ ...segment, upto }];
  });
}

export function leavingDatasets(
  changed: readonly ChangedDataset[],
): RestorePlan['datasets_leaving'] {
  return changed
    .filter((dataset) => dataset.removed > 0)
    .sort((a, b) => a.first - b.first)
    .map(({ id, name, steps, removed, canQueue }) => ({
      id,
      name,
      share: steps > 0 ? 'part' : 'whole',
      steps: removed,
      can_queue: canQueue,
    }));
}

/** Which datasets are queued again, held or skipped, in the order of their first steps. */
export function decideUndone(
  choice: UndoneChoice | null,
  {
    changed,
    undone,
  }: { readonly changed: readonly ChangedDataset[]; readonly undone: string | null },
): Pick<Aftermath, 'queueAgain' | 'hold' | 'skip'> {
  const leaving = changed
    .filter((dataset) => dataset.removed > 0 && dataset.canQueue)
    .sort((a, b) => a.first - b.first);
  const ids = (datasets: readonly ChangedDataset[]): string[] => datasets.map(({ id }) => id);
  switch (choice) {
    case null:
      return { queueAgain: [], hold: [], skip: [] };
    case 'queue':
      return { queueAgain: ids(leaving), hold: [], skip: [] };
    case 'skip':
      return { queueAgain: [], hold: [], skip: ids(leaving) };
    case 'hold': {
      const held = leaving.filter(({ id, isUnfinished }) => isUnfinished || id === undone);
      return { queueAgain: [], hold: ids(held), skip: [] };
    }
  }
}

export function accountsOf(
  changed: readonly ChangedDataset[],
  title: string,
): Aftermath['accounts'] {
  const missing = (removed: number): string =>
    `${String(removed)} ${removed === 1 ? 'step of it is' : 'steps of it are'} no longer in the model (removed by "${title}").`;
  return changed.map(({ id, steps, removed, last }) => ({
    id,
    steps,
    place: last,
    missing: removed > 0 ? missing(removed) : null,
  }));
}

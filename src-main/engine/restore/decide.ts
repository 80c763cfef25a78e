/** Exactly what a restore does, from what is read of the workspace. Pure. */
import { createHash } from 'node:crypto';
import * as format from '../../contract/format.ts';
import {
  ancestryOf,
  type AncestrySegment,
  type Point,
  Refusal,
  type RestorePlan,
  type RestoreSource,
} from '../../contract/index.ts';
import type { Aftermath } from '../queue/index.ts';
import type { BranchEntry } from '../versions/index.ts';
import { type ChoiceReadings, choose } from './resolve-source.ts';
import { type RestorePhase, type KeptPoint, nameOf, titleOf } from './types.ts';

type Standing = Pick<RestorePlan['from'], 'validation_loss' | 'evaluated_step' | 'exact_match'>;

export interface RestoreReadings extends ChoiceReadings {
  readonly newBranch: string;
  /** Passes that could be continued, by dataset. */
  readonly openPasses: ReadonlyMap<string, string>;
  readonly isTraining: boolean;
  readonly warmupSteps: number;
  readonly standing: (at: Point, kept: KeptPoint | null) => Standing;
  readonly freeBytes: number | null;
  /** What the copy that is made first takes. */
  readonly backupBytes: number;
  /** As measured in this process; null: not yet. */
  readonly seconds: (phase: RestorePhase, bytes: number) => number | null;
  readonly now: number;
}

export interface Decision {
  readonly plan: RestorePlan;
  readonly kept: KeptPoint;
  readonly entry: BranchEntry;
  /** What follows the switch, for each answer to "queue again". */
  readonly aftermath: (queueAgain: boolean) => Aftermath;
}

/** Room for manifests and what the file system needs beside the files. */
const spare = 16 * 1024 * 1024;

/** What both lines hold. */
function common(
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

/** Refusals NOT_FOUND, NOT_READY. */
export function decideRestore(source: RestoreSource, r: RestoreReadings): Decision {
  const from = r.at;
  if (from === null)
    throw new Refusal(
      'NOT_READY',
      'Nothing was trained yet, so there is nothing to go back from.',
      {
        next: 'Train first; a checkpoint is saved every save_steps steps and at each pause.',
      },
    );
  const { kept, note } = choose(source, r);
  const to: Point = { branch: kept.branch, step: kept.step };
  const ancestry = ancestryOf(r.branches, r.head);
  const isAnew = source.kind === 'base';
  const then: readonly AncestrySegment[] = [
    ...(isAnew ? [] : ancestryOf(r.branches, to.branch, to.step)),
    { branch: r.newBranch, upto: null, opened: r.now },
  ];
  const stays = common(ancestry, then);
  const changed = r.datasets
    .map((dataset) => ({
      ...dataset,
      leaves: dataset.ledger.stepsIn(ancestry) - dataset.ledger.stepsIn(stays),
      steps: dataset.ledger.stepsIn(then),
      before: dataset.ledger.stepsIn(ancestry),
      first: dataset.ledger.firstIn(ancestry)?.step ?? 0,
    }))
    .filter((dataset) => dataset.leaves > 0 || dataset.steps !== dataset.before);
  const leaving = changed
    .filter((dataset) => dataset.leaves > 0)
    .sort((a, b) => a.first - b.first)
    .map((dataset) => ({
      id: dataset.id,
      name: dataset.name,
      share: dataset.steps > 0 ? ('part' as const) : ('whole' as const),
      steps: dataset.leaves,
      can_queue: dataset.place !== null,
    }));
  const { cursor } = kept;
  const open = cursor === null ? undefined : r.openPasses.get(cursor.dataset);
  const goesOn = cursor !== null && open === cursor.pass ? cursor.pass : null;
  const taken = source.kind === 'undo_dataset' ? source.dataset : null;
  const dataset = r.datasets.find((dataset) => dataset.id === taken)?.name ?? null;
  const title = titleOf(source, kept, dataset);
  const optimizerState = kept.optimizerState === null ? 'fresh' : 'restored';
  const entry: BranchEntry = {
    name: r.newBranch,
    parent: isAnew ? null : to,
    left: from,
    opened: r.now,
    why: `${title}.`,
  };
  const missing = (leaves: number): string =>
    `${String(leaves)} ${leaves === 1 ? 'step of it is' : 'steps of it are'} not in this model; ${from.branch} was left by "${title}".`;
  const aftermath = (queueAgain: boolean): Aftermath => ({
    goesOn,
    accounts: changed.map((dataset) => ({
      id: dataset.id,
      steps: dataset.steps,
      missing: dataset.leaves > 0 ? missing(dataset.leaves) : null,
    })),
    cursor:
      cursor === null || cursor.complete || goesOn !== null
        ? null
        : {
            dataset: cursor.dataset,
            at: {
              format: 1,
              position: cursor.position,
              epoch: cursor.epoch,
              seed: cursor.seed,
              content_hash: cursor.content_hash,
              excluded_rows: cursor.excluded_rows ?? [],
              step: kept.step,
            },
          },
    queueAgain: leaving
      .filter((dataset) => dataset.can_queue && (queueAgain || dataset.id === taken))
      .map((dataset) => dataset.id),
  });
  const needed = r.backupBytes + (kept.share ? 0 : kept.bytes) + spare;
  // What was agreed to; the steps that a running trainer adds meanwhile change nothing of it.
  const identity = {
    source,
    from: from.branch,
    to,
    origin: kept.origin,
    optimizer_state: kept.optimizerState,
    branch: r.newBranch,
    leaving: leaving.map(({ id, share }) => [id, share]),
    goesOn,
  };
  return {
    kept,
    entry,
    aftermath,
    plan: {
      id: createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16),
      source,
      title,
      from: { ...from, ...r.standing(from, null) },
      to: { ...to, ...r.standing(to, kept) },
      new_branch: r.newBranch,
      steps_leaving: leaving.reduce((sum, dataset) => sum + dataset.steps, 0),
      optimizer_state: optimizerState,
      warmup_steps: optimizerState === 'fresh' ? r.warmupSteps : 0,
      datasets_leaving: leaving,
      phases: actsOf(r, kept, from, note, goesOn !== null),
      disk: {
        free_bytes: r.freeBytes,
        needed_bytes: needed,
        fits: r.freeBytes === null || needed <= r.freeBytes,
      },
      undo: `Roll back goes from ${r.newBranch} to step ${String(from.step)} of ${from.branch} again; its checkpoints stay, and the backup made first holds it too.`,
    },
  };
}

function actsOf(
  r: RestoreReadings,
  kept: KeptPoint,
  from: Point,
  note: string | null,
  goesOn: boolean,
): RestorePlan['phases'] {
  const phase = (name: RestorePhase, text: string, bytes = 0): RestorePlan['phases'][number] => ({
    phase: name,
    text,
    seconds: r.seconds(name, bytes),
  });
  const before = note === null ? '' : `${note} `;
  return [
    phase('pause', r.isTraining ? 'The trainer saves its step and ends.' : 'No trainer runs.'),
    phase(
      'verify',
      `${before}Every byte of ${nameOf(kept)} is read and compared (${format.bytes(kept.bytes)}).`,
      kept.bytes,
    ),
    phase(
      'back_up',
      `Step ${String(from.step)} of ${from.branch} is copied and read back (${format.bytes(r.backupBytes)}).`,
      r.backupBytes,
    ),
    phase(
      'stage',
      kept.share
        ? `Step ${String(kept.step)} is put under ${r.newBranch}; its blocks are shared.`
        : `Step ${String(kept.step)} is copied under ${r.newBranch}.`,
      kept.bytes,
    ),
    phase('switch', `${r.newBranch} becomes the head by one rename.`),
    phase(
      'continue',
      goesOn
        ? `The pass goes on inside its dataset, from step ${String(kept.step)}.`
        : `The queue goes on as it is set, from step ${String(kept.step)}.`,
    ),
  ];
}

/** Exactly what a restore does, from what is read of the workspace. Pure. */
import { createHash } from 'node:crypto';
import * as format from '../../contract/format.ts';
import {
  lineOf,
  type LineSegment,
  type Point,
  Refusal,
  type RestorePlan,
  type RestoreSource,
} from '../../contract/index.ts';
import type { Aftermath } from '../queue/index.ts';
import type { BranchEntry } from '../versions/index.ts';
import { type ChoiceReadings, choose } from './choose.ts';
import { type Act, type KeptPoint, nameOf, titleOf } from './shapes.ts';

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
  readonly seconds: (act: Act, bytes: number) => number | null;
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
function common(a: readonly LineSegment[], b: readonly LineSegment[]): readonly LineSegment[] {
  return a.flatMap((one) => {
    const other = b.find((known) => known.branch === one.branch);
    if (other === undefined) return [];
    const upto = one.upto === null ? other.upto : Math.min(one.upto, other.upto ?? Infinity);
    return [{ ...one, upto }];
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
  const line = lineOf(r.branches, r.head);
  const isAnew = source.kind === 'base';
  const then: readonly LineSegment[] = [
    ...(isAnew ? [] : lineOf(r.branches, to.branch, to.step)),
    { branch: r.newBranch, upto: null, opened: r.now },
  ];
  const stays = common(line, then);
  const changed = r.datasets
    .map((one) => ({
      ...one,
      leaves: one.ledger.stepsIn(line) - one.ledger.stepsIn(stays),
      steps: one.ledger.stepsIn(then),
      before: one.ledger.stepsIn(line),
      first: one.ledger.firstIn(line)?.step ?? 0,
    }))
    .filter((one) => one.leaves > 0 || one.steps !== one.before);
  const leaving = changed
    .filter((one) => one.leaves > 0)
    .sort((a, b) => a.first - b.first)
    .map((one) => ({
      id: one.id,
      name: one.name,
      share: one.steps > 0 ? ('part' as const) : ('whole' as const),
      steps: one.leaves,
      can_queue: one.place !== null,
    }));
  const { cursor } = kept;
  const open = cursor === null ? undefined : r.openPasses.get(cursor.dataset);
  const goesOn = cursor !== null && open === cursor.pass ? cursor.pass : null;
  const taken = source.kind === 'take_back' ? source.dataset : null;
  const dataset = r.datasets.find((one) => one.id === taken)?.name ?? null;
  const title = titleOf(source, kept, dataset);
  const moments = kept.moments === null ? 'fresh' : 'kept';
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
    accounts: changed.map((one) => ({
      id: one.id,
      steps: one.steps,
      missing: one.leaves > 0 ? missing(one.leaves) : null,
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
              left_out: cursor.left_out,
              step: kept.step,
            },
          },
    queueAgain: leaving
      .filter((one) => one.can_queue && (queueAgain || one.id === taken))
      .map((one) => one.id),
  });
  const needed = r.backupBytes + (kept.share ? 0 : kept.bytes) + spare;
  // What was agreed to; the steps that a running trainer adds meanwhile change nothing of it.
  const identity = {
    source,
    from: from.branch,
    to,
    origin: kept.origin,
    moments: kept.moments,
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
      steps_leaving: leaving.reduce((sum, one) => sum + one.steps, 0),
      moments,
      warmup_steps: moments === 'fresh' ? r.warmupSteps : 0,
      datasets_leaving: leaving,
      acts: actsOf(r, kept, from, note, goesOn !== null),
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
): RestorePlan['acts'] {
  const act = (name: Act, text: string, bytes = 0): RestorePlan['acts'][number] => ({
    act: name,
    text,
    seconds: r.seconds(name, bytes),
  });
  const before = note === null ? '' : `${note} `;
  return [
    act('pause', r.isTraining ? 'The trainer saves its step and ends.' : 'No trainer runs.'),
    act(
      'verify',
      `${before}Every byte of ${nameOf(kept)} is read and compared (${format.bytes(kept.bytes)}).`,
      kept.bytes,
    ),
    act(
      'back_up',
      `Step ${String(from.step)} of ${from.branch} is copied and read back (${format.bytes(r.backupBytes)}).`,
      r.backupBytes,
    ),
    act(
      'stage',
      kept.share
        ? `Step ${String(kept.step)} is put under ${r.newBranch}; its blocks are shared.`
        : `Step ${String(kept.step)} is copied under ${r.newBranch}.`,
      kept.bytes,
    ),
    act('switch', `${r.newBranch} becomes the head by one rename.`),
    act(
      'continue',
      goesOn
        ? `The pass goes on inside its dataset, from step ${String(kept.step)}.`
        : `The queue goes on as it is set, from step ${String(kept.step)}.`,
    ),
  ];
}

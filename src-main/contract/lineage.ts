/** Branches, checkpoints and restores. */
import { z } from 'zod';
import { measuredPrecision } from './metrics.ts';

/** A point of the lineage. (branch, step) is its identity everywhere. */
export const point = z.object({ branch: z.string(), step: z.number().int() });
export type Point = z.infer<typeof point>;

export const branchFacts = z.object({
  name: z.string(),
  /** The point where it forked from another branch; null: it started from the base model. */
  parent: point.nullable(),
  opened: z.number(),
  /** One sentence: why the branch exists. */
  why: z.string(),
  /** Its newest saved step; null: none. */
  newest_step: z.number().int().nullable(),
});
export type BranchFacts = z.infer<typeof branchFacts>;

/** Part of the ancestry: the steps of one branch, up to where the next branch forked. */
export interface AncestrySegment {
  readonly branch: string;
  /** The last step that counts; null: it is the head's own branch. */
  readonly upto: number | null;
  readonly opened: number;
}

/** From the base model to the head of `branch`, oldest first; ends at an unknown parent. Pure. */
export function ancestryOf(
  branches: readonly Pick<BranchFacts, 'name' | 'parent' | 'opened'>[],
  branch: string,
  upto: number | null = null,
): readonly AncestrySegment[] {
  const ancestry: AncestrySegment[] = [];
  let name: string | null = branch;
  let last = upto;
  while (name !== null && !ancestry.some((segment) => segment.branch === name)) {
    const current: string = name;
    const facts = branches.find((branch) => branch.name === current);
    ancestry.unshift({ branch: current, upto: last, opened: facts?.opened ?? 0 });
    name = facts?.parent?.branch ?? null;
    last = facts?.parent?.step ?? null;
  }
  return ancestry;
}

/** The part of an ancestry up to one of its points. Pure. */
export function ancestryUpTo(
  ancestry: readonly AncestrySegment[],
  { branch, step }: Point,
): readonly AncestrySegment[] {
  const index = ancestry.findIndex((segment) => segment.branch === branch);
  return ancestry
    .slice(0, index + 1)
    .map((segment) => (segment.branch === branch ? { ...segment, upto: step } : segment));
}

/** Whether training at this point is part of the current model. */
export function isInAncestry(ancestry: readonly AncestrySegment[], point: Point): boolean {
  const segment = ancestry.find((known) => known.branch === point.branch);
  return segment !== undefined && (segment.upto === null || point.step <= segment.upto);
}

export const checkpointFacts = point.extend({
  created: z.number(),
  folder: z.string(),
  bytes: z.number(),
  /** The dataset in training; null when unknown. */
  dataset: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** At the end of its dataset. */
  complete: z.boolean(),
  /** Part of the current model: on the active branch, or on an ancestor before its fork. */
  in_ancestry: z.boolean(),
  /** Missing files or wrong sizes; null: none. `checkpoints.verify` checks the hashes. */
  problem: z.string().nullable(),
});
export type CheckpointFacts = z.infer<typeof checkpointFacts>;

export const lineageState = z.object({
  model_name: z.string(),
  base: z.object({ id: z.string(), label: z.string(), hash: z.string() }).nullable(),
  /** The active branch. */
  head: z.string(),
  /** Oldest first. */
  branches: z.array(branchFacts),
  /** Of every branch, newest first. */
  checkpoints: z.array(checkpointFacts),
  /** A restore in progress, or the last one that failed. */
  restore: z
    .object({
      title: z.string(),
      phase: z.enum(['pause', 'verify', 'back_up', 'stage', 'switch', 'continue']),
      state: z.enum(['running', 'failed']),
      message: z.string().nullable(),
      since: z.number(),
    })
    .nullable(),
});
export type LineageState = z.infer<typeof lineageState>;

/**
 * What to restore. `rollback`: the point where the active branch forked, which undoes a restore; on
 * the first branch, the newest version before the newest saved step. `undo_dataset`: the point before
 * the dataset's first step, or the nearest saved point before it; the dataset is queued again.
 */
export const restoreSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('version'), name: z.string() }),
  z.object({ kind: z.literal('checkpoint'), branch: z.string(), step: z.coerce.number().int() }),
  z.object({ kind: z.literal('backup'), id: z.string() }),
  z.object({ kind: z.literal('rollback') }),
  z.object({ kind: z.literal('undo_dataset'), dataset: z.string() }),
  z.object({ kind: z.literal('base'), id: z.string() }),
]);
export type RestoreSource = z.infer<typeof restoreSource>;

const modelState = point.extend({
  /** On the fixed validation set, and on the rows held out of the dataset that was trained last. */
  validation_loss: z.number().nullable(),
  validation_dataset: z.number().nullable().optional(),
  /** The step of the evaluation that these metrics come from; null: unknown. */
  evaluated_step: z.number().int().nullable().default(null),
  /** Of the weights that these were measured with. */
  evaluated_precision: measuredPrecision.nullable().optional(),
  exact_match: z.object({ k: z.number().int(), n: z.number().int() }).nullable(),
});

/**
 * What happens to datasets whose training is removed from the model. `hold`: those that would be
 * trained next wait in the queue until they are released; completed ones stay where they are.
 */
export const undoneChoice = z.enum(['hold', 'queue', 'skip']);
export type UndoneChoice = z.infer<typeof undoneChoice>;
export const UNDONE_DEFAULT: UndoneChoice = 'hold';

/** Exactly what a restore will do. */
export const restorePlan = z.object({
  /** Pass it to `restore.carryOut`, which refuses with NOT_READY when the plan is out of date. */
  id: z.string(),
  source: restoreSource,
  /** `Restore v002_dialog`. */
  title: z.string(),
  from: modelState,
  to: modelState,
  new_branch: z.string(),
  steps_leaving: z.number().int(),
  /** `restored`: from a checkpoint of that step. `fresh`: not saved, so it starts at zero with a new warmup. */
  optimizer_state: z.enum(['restored', 'fresh']),
  warmup_steps: z.number().int(),
  /** Datasets whose training is removed from the model, completely or in part. */
  datasets_leaving: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      share: z.enum(['whole', 'part']),
      steps: z.number().int(),
      /** Its file still exists, so it can be queued again. */
      can_queue: z.boolean(),
    }),
  ),
  phases: z.array(
    z.object({
      phase: z.enum(['pause', 'verify', 'back_up', 'stage', 'switch', 'continue']),
      text: z.string(),
      /** Estimate, measured on this machine or from bytes; null: unknown. */
      seconds: z.number().nullable(),
    }),
  ),
  /** Settings of training that the restored point was trained with and that are different now. */
  settings: z.array(z.object({ key: z.string(), now: z.unknown(), then: z.unknown() })).optional(),
  disk: z.object({
    free_bytes: z.number().nullable(),
    needed_bytes: z.number(),
    fits: z.boolean(),
  }),
  undo: z.string(),
});
export type RestorePlan = z.infer<typeof restorePlan>;

export const restoreResult = z.object({
  from: point,
  to: point,
  branch: z.string(),
  optimizer_state: z.enum(['restored', 'fresh']),
  /** Backup of the previous model; null: nothing was saved on that branch. */
  backup: z.string().nullable(),
  /** Names, in queue order. */
  queued_again: z.array(z.string()),
  text: z.string(),
});
export type RestoreResult = z.infer<typeof restoreResult>;

/** The checkpoint that the next start resumes from, found by verifying every byte. */
export const checkpointCheck = z.object({
  /** `would resume at step N of branch B from this file; 2 skipped because …` */
  text: z.string(),
  /** null: no checkpoint passes verification. Training starts from the base only if none was ever saved. */
  resumes: point.extend({ folder: z.string(), dataset: z.string().nullable() }).nullable(),
  skipped: z.array(point.extend({ folder: z.string(), reason: z.string() })),
  /** Why training would refuse to resume from it (another base model, a changed file); null: it resumes. */
  mismatch: z.string().nullable(),
  bytes: z.number(),
  seconds: z.number(),
});
export type CheckpointCheck = z.infer<typeof checkpointCheck>;

export const checkpointCleanup = z.object({
  executed: z.boolean(),
  removes: z.array(point.extend({ bytes: z.number(), why: z.string() })),
  keeps: z.array(point.extend({ bytes: z.number(), why: z.string() })),
  freed_bytes: z.number(),
});
export type CheckpointCleanup = z.infer<typeof checkpointCleanup>;

/** Branches, checkpoints and restore: where the model stands, how it came there, and how it goes back. */
import { z } from 'zod';

/** A point of the lineage. (branch, step) is its identity everywhere. */
export const point = z.object({ branch: z.string(), step: z.number().int() });
export type Point = z.infer<typeof point>;

export const branchFacts = z.object({
  name: z.string(),
  /** Where it left another branch; null: it began from the base. */
  parent: point.nullable(),
  opened: z.number(),
  /** One plain sentence: how it came about. */
  why: z.string(),
  /** Its newest step that is known; null: nothing was saved on it. */
  newest_step: z.number().int().nullable(),
});
export type BranchFacts = z.infer<typeof branchFacts>;

/** A piece of the line that led to the head: the steps of one branch, up to where the next one left it. */
export interface AncestrySegment {
  readonly branch: string;
  /** The last step that counts; null: it is the head's own branch. */
  readonly upto: number | null;
  readonly opened: number;
}

/** From the base to the head of `branch`, oldest first. Pure; a parent that is not known ends the line. */
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

/** Whether what was done at this point is in the model. */
export function isInAncestry(ancestry: readonly AncestrySegment[], point: Point): boolean {
  const segment = ancestry.find((known) => known.branch === point.branch);
  return segment !== undefined && (segment.upto === null || point.step <= segment.upto);
}

export const checkpointFacts = point.extend({
  created: z.number(),
  folder: z.string(),
  bytes: z.number(),
  /** What it was training; null when that is not known any more. */
  dataset: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** It stands at the end of its dataset. */
  complete: z.boolean(),
  /** It is a point of the head's line: its own branch up to here, or before the fork of a branch that led here. */
  in_ancestry: z.boolean(),
  /** What its sizes say is wrong; null: nothing. Hashes are read by `checkpoints.verify`. */
  problem: z.string().nullable(),
});
export type CheckpointFacts = z.infer<typeof checkpointFacts>;

export const lineageState = z.object({
  model_name: z.string(),
  base: z.object({ id: z.string(), label: z.string(), hash: z.string() }).nullable(),
  /** The branch that is trained. */
  head: z.string(),
  /** Oldest first. */
  branches: z.array(branchFacts),
  /** Of every branch, newest first. */
  checkpoints: z.array(checkpointFacts),
  /** A restore that is under way, or the last one that ended without success. */
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
 * What is restored. `rollback`: the point at which the head's branch left another one, so that a restore is undone, or, on a first
 * branch, the newest version before the newest saved step. `undo_dataset`: the point before the first step of a dataset, which is then
 * queued again; when that is not kept, the nearest kept one before it.
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
  validation_loss: z.number().nullable(),
  /** The step of the evaluation that the figures come from; null: nothing was measured, or it was not kept. */
  evaluated_step: z.number().int().nullable().default(null),
  exact_match: z.object({ k: z.number().int(), n: z.number().int() }).nullable(),
});

/** Exactly what a restore does, before it happens. */
export const restorePlan = z.object({
  /** Given back to `restore.carryOut`; what was agreed to is what happens, or NOT_READY and a new plan. */
  id: z.string(),
  source: restoreSource,
  /** `Restore v002_dialog`. */
  title: z.string(),
  from: modelState,
  to: modelState,
  new_branch: z.string(),
  steps_leaving: z.number().int(),
  /** `kept`: optimizer moments of a checkpoint of that step. `fresh`: none are kept, so they start at zero with a new warm-up. */
  optimizer_state: z.enum(['restored', 'fresh']),
  warmup_steps: z.number().int(),
  /** Datasets whose training, whole or in part, is not in the model afterwards. */
  datasets_leaving: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      share: z.enum(['whole', 'part']),
      steps: z.number().int(),
      /** Its file is still here, so it can be queued again. */
      can_queue: z.boolean(),
    }),
  ),
  phases: z.array(
    z.object({
      phase: z.enum(['pause', 'verify', 'back_up', 'stage', 'switch', 'continue']),
      text: z.string(),
      /** About how long, measured here or from bytes; null: not known. */
      seconds: z.number().nullable(),
    }),
  ),
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
  /** Of what stood before; null: nothing was saved on that branch that a copy could be made of. */
  backup: z.string().nullable(),
  /** Their names, in the order in which they wait. */
  queued_again: z.array(z.string()),
  text: z.string(),
});
export type RestoreResult = z.infer<typeof restoreResult>;

/** What the next start would resume from, found by reading every byte. */
export const checkpointCheck = z.object({
  /** `would resume at step N of branch B from this file; 2 skipped because …` */
  text: z.string(),
  /** null: nothing verifies; the base would be taken only when nothing was ever saved. */
  resumes: point.extend({ folder: z.string(), dataset: z.string().nullable() }).nullable(),
  skipped: z.array(point.extend({ folder: z.string(), reason: z.string() })),
  /** Why training would refuse to go on from it (another base, a changed file); null: it would not. */
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

/** Procedures for versions, the lineage, checkpoints and restores. */
import { z } from 'zod';
import { versionAnswers } from '../answers.ts';
import {
  checkpointCheck,
  checkpointCleanup,
  lineageState,
  restorePlan,
  restoreResult,
  restoreSource,
  undoneChoice,
} from '../lineage.ts';
import { version, versionCheck } from '../versions.ts';
import { call, done } from './common.ts';

const versionName = z.object({ name: z.string().regex(/^v\d+_[a-z0-9-]+$/) });

export const versionsProcedures = {
  list: call.route({ method: 'GET', path: '/versions' }).output(z.array(version)),
  /** `last_copy`: no checkpoint and no other version has the same step. */
  get: call
    .route({ method: 'GET', path: '/versions/{name}' })
    .input(versionName)
    .output(z.object({ version, last_copy: z.boolean() })),
  /** Creates a version from the newest checkpoint. NOT_READY when there is none, or when a version of it exists. */
  create: call
    .route({ method: 'POST', path: '/versions' })
    .input(z.object({ description: z.string().min(1).max(500), by: z.string().default('you') }))
    .output(version),
  /** A pinned version can't be deleted, by the user or by retention. */
  pin: call
    .route({ method: 'POST', path: '/versions/{name}/pin' })
    .input(versionName.extend({ pinned: z.boolean() }))
    .output(version),
  /** Compares every file with its SHA-256 in the manifest. */
  verify: call
    .route({ method: 'GET', path: '/versions/{name}/verify' })
    .input(versionName)
    .output(versionCheck),
  /** What the model answered at the step of the version, wrong answers first. */
  answers: call
    .route({ method: 'GET', path: '/versions/{name}/answers' })
    .input(versionName)
    .output(versionAnswers),
  /**
   * Moves a version to the trash, where it stays for 30 days. NEEDS_CONFIRMATION until `confirm` is its full name, and, when no
   * checkpoint or other version holds the same step, until `last_copy` is true. LOCKED while it is pinned.
   */
  remove: call
    .route({ method: 'POST', path: '/versions/{name}/delete' })
    .input(
      versionName.extend({
        confirm: z.string().nullable().default(null),
        last_copy: z.boolean().default(false),
        by: z.string().default('you'),
      }),
    )
    .output(done),
};

export const lineageProcedures = {
  get: call.route({ method: 'GET', path: '/lineage' }).output(lineageState),
};

export const checkpointsProcedures = {
  /** Reads the branch's checkpoints, newest first, until one passes verification. `branch` null: the active branch. */
  verify: call
    .route({ method: 'GET', path: '/checkpoints/verify' })
    .input(z.object({ branch: z.string().nullable().default(null) }))
    .output(checkpointCheck),
  /**
   * Removes all but the newest `keep` of each branch, never the last valid one of a branch. Without `execute` it only returns
   * the plan. BUSY while a trainer runs.
   */
  cleanup: call
    .route({ method: 'POST', path: '/checkpoints/cleanup' })
    .input(
      z.object({
        keep: z.coerce.number().int().min(1).max(1000),
        execute: z.boolean().default(false),
        by: z.string().default('you'),
      }),
    )
    .output(checkpointCleanup),
};

export const restoreProcedures = {
  /** The plan of a restore; changes nothing. */
  plan: call
    .route({ method: 'POST', path: '/restore/plan' })
    .input(z.object({ source: restoreSource }))
    .output(restorePlan),
  /**
   * Carries out a plan: pause, verify the source, back up, stage the new branch, switch atomically, continue. NOT_READY when
   * the plan is out of date, BUSY during another restore, DISK_FULL before anything is changed.
   */
  carryOut: call
    .route({ method: 'POST', path: '/restore' })
    .input(
      z.object({
        source: restoreSource,
        plan: z.string(),
        /** Short for `undone: "queue"`. */
        queue_again: z.boolean().default(false),
        undone: undoneChoice.optional(),
        /** The settings that the plan lists don't change back. */
        keep_settings: z.boolean().optional(),
        by: z.string().default('you'),
      }),
    )
    .output(restoreResult),
};

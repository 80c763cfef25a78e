/** Procedures for backups. */
import { z } from 'zod';
import { backup, backupCleanup, backupSource, backupType } from '../backups.ts';
import { call } from './common.ts';

export const backupsProcedures = {
  list: call.route({ method: 'GET', path: '/backups' }).output(z.array(backup)),
  create: call
    .route({ method: 'POST', path: '/backups' })
    .input(
      z.object({
        source: backupSource.default({ kind: 'model' }),
        type: backupType.default('manual'),
        reason: z.string().min(1).max(500),
        by: z.string().default('you'),
      }),
    )
    .output(backup),
  /** Compares every byte with the SHA-256 computed from the source. */
  verify: call
    .route({ method: 'POST', path: '/backups/verify' })
    .input(z.object({ id: z.string().min(1) }))
    .output(backup),
  /** Copies the files of a backup to a new folder `to` and verifies them there. Use `restore` to restore the model. */
  extract: call
    .route({ method: 'POST', path: '/backups/extract' })
    .input(
      z.object({
        id: z.string().min(1),
        to: z.string().min(1),
        by: z.string().default('you'),
      }),
    )
    .output(z.object({ folder: z.string(), files: z.number().int(), bytes: z.number() })),
  /**
   * Removes backups older than their retention, never the newest valid one of a type, and no last copy unless `last_copies`
   * is set. Without `execute` it only returns the plan.
   */
  cleanup: call
    .route({ method: 'POST', path: '/backups/cleanup' })
    .input(
      z.object({
        retention_days: z.coerce.number().min(0).nullable().default(null),
        last_copies: z.boolean().default(false),
        execute: z.boolean().default(false),
        by: z.string().default('you'),
      }),
    )
    .output(backupCleanup),
};

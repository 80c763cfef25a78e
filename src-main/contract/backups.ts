/** Backups: independent copies without hard links, verified by content. */
import { z } from 'zod';

export const backupType = z.enum([
  'manual',
  'emergency',
  'pre-restore',
  'pre-consolidation',
  'pre-deletion',
]);
export type BackupType = z.infer<typeof backupType>;

/** What to copy. `model`: the newest valid checkpoint and the lineage. `folder`: any folder. */
export const backupSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('model') }),
  z.object({ kind: z.literal('version'), name: z.string() }),
  z.object({ kind: z.literal('folder'), path: z.string().min(1) }),
]);
export type BackupSource = z.infer<typeof backupSource>;

export const backup = z.object({
  /** `manual/20260907-182011`. */
  id: z.string(),
  type: backupType,
  reason: z.string(),
  folder: z.string(),
  created: z.number(),
  source: backupSource,
  /** The point of the lineage; null for a folder. */
  branch: z.string().nullable(),
  step: z.number().int().nullable(),
  /** Such as `weights, optimizer state, dataset position`. */
  holds: z.string(),
  bytes: z.number(),
  files: z.number().int(),
  /** The last full verification, including the one at creation; null: unknown. */
  verified: z.object({ t: z.number(), ok: z.boolean(), problem: z.string().nullable() }).nullable(),
  /** Cleanup may remove it after this time; null: never, it is one of the newest valid ones of its type. */
  keep_until: z.number().nullable(),
});
export type Backup = z.infer<typeof backup>;

export const backupCleanup = z.object({
  executed: z.boolean(),
  removes: z.array(z.object({ id: z.string(), bytes: z.number(), why: z.string() })),
  keeps: z.array(z.object({ id: z.string(), bytes: z.number(), why: z.string() })),
  freed_bytes: z.number(),
});
export type BackupCleanup = z.infer<typeof backupCleanup>;

/** What uses the disk. */
import { z } from 'zod';

export const usedPart = z.enum([
  'checkpoints',
  'versions',
  'backups',
  'bases',
  'cache',
  'datasets',
  'runs',
  'other',
]);

/** Bytes on disk. Hard links to one file (a version and its checkpoint) count once, in the first part. */
export const diskUse = z.object({
  t: z.number(),
  /** Seconds that the scan took. */
  seconds: z.number(),
  parts: z.array(z.object({ id: usedPart, bytes: z.number(), files: z.number().int() })),
  free_bytes: z.number().nullable(),
  total_bytes: z.number().nullable(),
  floor_bytes: z.number().nullable(),
});
export type DiskUse = z.infer<typeof diskUse>;

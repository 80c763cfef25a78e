/** How trainer runs crashed or hung, and what that cost. */
import { z } from 'zod';

/** A trainer run that crashed or hung, with what it cost. */
export const crashReport = z.object({
  t: z.number(),
  run: z.string(),
  /** A key of the crash table. */
  category: z.string(),
  /** The process's own error message. */
  message: z.string(),
  dataset: z.string().nullable(),
  /** Step of the crash, and the step that the next run resumed from; null while unknown. */
  step: z.number().int().nullable(),
  resumed_from: z.number().int().nullable(),
  steps_lost: z.number().int().nullable(),
  /** Seconds until training resumed; null if it hasn't. */
  seconds: z.number().nullable(),
  rows: z.array(z.number().int()),
  /** The last lines of the trainer's log. */
  log: z.array(z.string()),
});
export type CrashReport = z.infer<typeof crashReport>;

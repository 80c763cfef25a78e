/** How trainer runs crashed or hung, and what that cost. */
import { z } from 'zod';

/** One end of a trainer that was no outcome, or a hang, with what it cost. */
export const crashReport = z.object({
  t: z.number(),
  run: z.string(),
  /** A key of the crash table. */
  category: z.string(),
  /** What the process itself said. */
  message: z.string(),
  dataset: z.string().nullable(),
  /** Where it ended, and the step that the next run went on from; null while unknown. */
  step: z.number().int().nullable(),
  resumed_from: z.number().int().nullable(),
  steps_lost: z.number().int().nullable(),
  /** Seconds until it trained again; null when it did not, or not yet. */
  seconds: z.number().nullable(),
  rows: z.array(z.number().int()),
  /** The last lines of the trainer's log. */
  log: z.array(z.string()),
});
export type CrashReport = z.infer<typeof crashReport>;

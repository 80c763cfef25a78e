/** Whether the queue runs, is paused or is stopped. */
import { z } from 'zod';

export const desiredState = z.enum(['running', 'paused', 'stopped', 'stopping_after']);

export const queueState = z.object({
  /** What the user asked of the queue; kept over restarts. */
  desired_state: desiredState,
  since: z.number(),
  /** Who or what set it, e.g. `you (window)` or `.stop file`. */
  by: z.string(),
  note: z.string().nullable(),
});
export type QueueState = z.infer<typeof queueState>;

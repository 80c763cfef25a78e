/** Whether the queue runs, is paused or is stopped. */
import { z } from 'zod';

export const desiredState = z.enum(['running', 'paused', 'stopped', 'stopping_after']);

export const queueState = z.object({
  /** What the user wants of the queue; latched over restarts. */
  desired_state: desiredState,
  since: z.number(),
  /** Who or what set it: `you (window)`, `.stop file`, `start`. */
  by: z.string(),
  note: z.string().nullable(),
});
export type QueueState = z.infer<typeof queueState>;

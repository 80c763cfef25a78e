/** What the trainer did over the last hours. */
import { z } from 'zod';

/** A stretch of one kind in the activity strip. Unix seconds. */
export const activitySpan = z.object({
  kind: z.enum(['training', 'paused', 'idle', 'down', 'asleep']),
  from: z.number(),
  to: z.number(),
  dataset: z.string().nullable(),
});

export const activity = z.object({
  from: z.number(),
  to: z.number(),
  spans: z.array(activitySpan),
  recoveries: z.array(z.object({ t: z.number(), label: z.string() })),
  totals: z.object({
    training_s: z.number(),
    paused_s: z.number(),
    asleep_s: z.number(),
    datasets_done: z.number().int(),
    recoveries: z.number().int(),
    steps_lost: z.number().int(),
  }),
});
export type Activity = z.infer<typeof activity>;

/** The journal: every decision and intervention of the engine. */
import { z } from 'zod';

/** One decision or intervention with its evidence. */
export const journalEntry = z.object({
  id: z.string(),
  t: z.number(),
  /** Area and verb, e.g. `trainer.restart`. */
  what: z.string(),
  /** One sentence. */
  text: z.string(),
  step: z.number().int().nullable(),
  dataset: z.string().nullable(),
  /** The values that it is based on. */
  evidence: z.record(z.string(), z.unknown()),
});
export type JournalEntry = z.infer<typeof journalEntry>;

/** The journal: every decision and intervention of the engine. */
import { z } from 'zod';

/** One line of the journal: a decision or intervention with its evidence. */
export const journalEntry = z.object({
  id: z.string(),
  t: z.number(),
  /** Room and verb, `trainer.restart`. */
  what: z.string(),
  /** One plain sentence. */
  text: z.string(),
  step: z.number().int().nullable(),
  dataset: z.string().nullable(),
  /** What it rests on. */
  evidence: z.record(z.string(), z.unknown()),
});
export type JournalEntry = z.infer<typeof journalEntry>;

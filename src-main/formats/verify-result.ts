/** What the worker `verify` reports, as far as its readers need it. */
import { z } from 'zod';

/** Fields of the checkpoint that training would resume from; each reader adds what it uses. */
export const resumePoint = z.object({
  step: z.number().int(),
  branch: z.string(),
  folder: z.string(),
});

/** The event `scanned`; `resumes` is null when no checkpoint verifies. */
export const scannedEvent = <Resumes extends z.ZodType>(resumes: Resumes) =>
  z.object({
    type: z.literal('scanned'),
    resumes: resumes.nullable(),
    skipped: z.array(z.object({ step: z.number().int(), folder: z.string(), reason: z.string() })),
    bytes: z.number(),
    seconds: z.number(),
  });

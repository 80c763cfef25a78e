/** The contents of a diagnostics bundle, shown before it is saved. */
import { z } from 'zod';

export const diagnosticsList = z.object({
  /** Suggested file name. */
  name: z.string(),
  files: z.array(
    z.object({
      path: z.string(),
      /** What it contains, and what was removed. */
      about: z.string(),
      bytes: z.number(),
      /** Lines or values that were removed. */
      omitted: z.number().int(),
    }),
  ),
  /** File and dataset names are readable; otherwise they are hashed. */
  names: z.boolean(),
});
export type DiagnosticsList = z.infer<typeof diagnosticsList>;

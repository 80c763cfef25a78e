/** The diagnostics bundle as it is announced before it is saved. */
import { z } from 'zod';

export const diagnosticsList = z.object({
  /** The name that it is offered under. */
  name: z.string(),
  files: z.array(
    z.object({
      path: z.string(),
      /** What it holds, and what was taken out. */
      about: z.string(),
      bytes: z.number(),
      /** Lines or values that were left out. */
      omitted: z.number().int(),
    }),
  ),
  /** Whether file and dataset names are readable in it. */
  names: z.boolean(),
});
export type DiagnosticsList = z.infer<typeof diagnosticsList>;

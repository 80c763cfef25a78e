/** The last lines of a log file. */
import { z } from 'zod';

export const logSource = z.enum(['engine', 'trainer']);
export type LogSource = z.infer<typeof logSource>;

export const logLines = z.object({
  source: logSource,
  /** null when there is no such file yet. */
  path: z.string().nullable(),
  /** Oldest first. */
  lines: z.array(z.string()),
  /** The file may hold earlier matching lines. */
  more: z.boolean(),
});
export type LogLines = z.infer<typeof logLines>;

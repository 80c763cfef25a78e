/** The last lines of a log file. */
import { z } from 'zod';

export const logSource = z.enum(['engine', 'trainer']);
export type LogSource = z.infer<typeof logSource>;

export const logLines = z.object({
  source: logSource,
  /** The file; null when there is none yet. */
  path: z.string().nullable(),
  /** Oldest first. */
  lines: z.array(z.string()),
  /** Earlier lines that match may stand in the file as well. */
  more: z.boolean(),
});
export type LogLines = z.infer<typeof logLines>;

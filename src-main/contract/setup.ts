/** First run: Python, device, disk, base models. */
import { z } from 'zod';

export const baseId = z.enum(['smollm2', 'starter', 'folder']);

export const setup = z.object({
  python: z.object({ state: z.enum(['ok', 'missing', 'checking']), detail: z.string() }),
  device: z.object({ kind: z.enum(['cuda', 'cpu', 'unknown']), detail: z.string() }),
  disk: z.object({ state: z.enum(['ok', 'warn', 'fail']), detail: z.string() }),
  bases: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      detail: z.string(),
      state: z.enum(['available', 'making', 'ready', 'failed']),
      progress: z.number().nullable(),
      message: z.string().nullable(),
    }),
  ),
  /** The chosen base, null on a first run. */
  chosen: z.string().nullable(),
  sample_added: z.boolean(),
});
export type Setup = z.infer<typeof setup>;

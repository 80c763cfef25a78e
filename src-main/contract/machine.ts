/** Readings of the machine: CPU, memory, disk. */
import { z } from 'zod';

/** Live readings, at most once a second. */
export const machine = z.object({
  cpu_percent: z.number().nullable(),
  memory_used_mb: z.number(),
  memory_total_mb: z.number(),
  disk_free_gb: z.number().nullable(),
  disk_total_gb: z.number().nullable(),
  disk_floor_gb: z.number().nullable(),
  t: z.number(),
});
export type Machine = z.infer<typeof machine>;

/** Memory in MiB; null where the system or the GPU doesn't report it. */
export const memoryStats = z.object({
  format: z.literal(1),
  /** `tight` when less than a tenth of the machine's memory is free. Scripts read this name. */
  status: z.enum(['ok', 'tight']),
  host: z.object({ used_mb: z.number(), total_mb: z.number(), percent: z.number() }),
  trainer: z.object({ pid: z.number().int(), resident_mb: z.number().nullable() }).nullable(),
  engine: z.object({ pid: z.number().int(), resident_mb: z.number().nullable() }),
  gpu: z
    .object({
      name: z.string(),
      used_mb: z.number().nullable(),
      total_mb: z.number().nullable(),
    })
    .nullable(),
  updated_at: z.number(),
});
export type MemoryStats = z.infer<typeof memoryStats>;

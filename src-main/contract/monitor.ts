/** What is said about the machine and the engine itself: memory, crashes, the cost of watching, the disk, the ways in. */
import { z } from 'zod';

/** Memory in MiB; null where the system or the card does not say. */
export const memoryStats = z.object({
  format: z.literal(1),
  /** `tight` when less than a tenth of the machine's memory is left; the name is that of the system before this one. */
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

/** One end of a trainer that was no outcome, or a hang, with what it cost. */
export const crashReport = z.object({
  t: z.number(),
  run: z.string(),
  /** A key of the crash table. */
  category: z.string(),
  /** What the process itself said. */
  message: z.string(),
  dataset: z.string().nullable(),
  /** Where it ended, and the step that the next run went on from; null while unknown. */
  step: z.number().int().nullable(),
  resumed_from: z.number().int().nullable(),
  steps_lost: z.number().int().nullable(),
  /** Seconds until it trained again; null when it did not, or not yet. */
  seconds: z.number().nullable(),
  rows: z.array(z.number().int()),
  /** The last lines of the trainer's log. */
  log: z.array(z.string()),
});
export type CrashReport = z.infer<typeof crashReport>;

/** Per cent of the time that training took, since the pass began; null before anything was measured. */
export const monitoringCosts = z.object({
  format: z.literal(1),
  budget_percent: z.number(),
  /** Evaluation and previews together, as the trainer counts them. */
  trainer_percent: z.number().nullable(),
  parts: z.array(
    z.object({
      id: z.enum(['evaluation', 'preview', 'checkpoint_stall']),
      times: z.number().int(),
      seconds: z.number(),
      percent: z.number().nullable(),
    }),
  ),
  /** CPU time of the engine process, per cent of one core. */
  engine_percent: z.number().nullable(),
  run: z.string().nullable(),
  measured_seconds: z.number(),
  updated_at: z.number(),
});
export type MonitoringCosts = z.infer<typeof monitoringCosts>;

export const usedPart = z.enum([
  'checkpoints',
  'versions',
  'backups',
  'bases',
  'cache',
  'datasets',
  'runs',
  'other',
]);
/** Bytes on the disk. A file that has several names (a version shares its checkpoint's weights) counts once, in the first part. */
export const diskUse = z.object({
  t: z.number(),
  /** How long the look took, seconds. */
  seconds: z.number(),
  parts: z.array(z.object({ id: usedPart, bytes: z.number(), files: z.number().int() })),
  free_bytes: z.number().nullable(),
  total_bytes: z.number().nullable(),
  floor_bytes: z.number().nullable(),
});
export type DiskUse = z.infer<typeof diskUse>;

export const accessState = z.object({
  /** `http://127.0.0.1:8080/` */
  address: z.string(),
  port: z.number().int(),
  /** null: switched off. */
  memory_port: z.number().int().nullable(),
  open_status: z.boolean(),
});
export type AccessState = z.infer<typeof accessState>;

export const accessLink = z.object({ link: z.string(), expires: z.number() });

/** Health checks and the cost of monitoring. */
import { z } from 'zod';

export const check = z.object({
  id: z.string(),
  label: z.string(),
  state: z.enum(['ok', 'warn', 'fail', 'unknown']),
  evidence: z.string(),
  fix: z.string().nullable(),
  t: z.number(),
});
export type Check = z.infer<typeof check>;

/** Percent of the training time since the pass started; null before anything was measured. */
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
  /** CPU time of the engine process, in percent of one core. */
  engine_percent: z.number().nullable(),
  run: z.string().nullable(),
  measured_seconds: z.number(),
  updated_at: z.number(),
});
export type MonitoringCosts = z.infer<typeof monitoringCosts>;

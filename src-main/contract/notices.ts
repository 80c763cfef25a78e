/** Notices: events that the user should know about. */
import { z } from 'zod';
import { screen } from './screens.ts';

export const noticeKind = z.enum([
  'out_of_memory',
  'crash_recovered',
  'hang',
  'gave_up',
  'disk',
  'dataset_done',
  'queue_empty',
  'dataset_failed',
  'needs_decision',
  'config_drift',
  'engine_restarted',
  'fact',
]);

export const notice = z.object({
  id: z.string(),
  t: z.number(),
  kind: noticeKind,
  tone: z.enum(['info', 'warn', 'fail']),
  title: z.string(),
  body: z.string(),
  opens: screen,
  dismissed: z.boolean(),
  /** The condition that it reports; it is dismissed when that ends. Missing: a past event. */
  condition: z.string().optional(),
  /**
   * When the desktop may announce it, Unix seconds. null: held back, because another of its kind was announced in the last
   * 10 minutes. Missing: at `t`. It is listed meanwhile.
   */
  announced: z.number().nullable().optional(),
});
export type Notice = z.infer<typeof notice>;

/** The recovery drill: faults that are caused for real in a temporary workspace. Pure. */
import { z } from 'zod';

/** In the order in which they run. `promise`: what has to hold. */
export const DRILL_EXERCISES = [
  {
    id: 'kill-trainer',
    title: 'The trainer is killed (kill -9)',
    promise: 'Training resumes automatically from the newest checkpoint.',
  },
  {
    id: 'kill-engine',
    title: 'The engine is killed (kill -9)',
    promise: 'The trainer keeps training, and the restarted engine reconnects to it.',
  },
  {
    id: 'full-disk',
    title: 'The disk fills up',
    promise: 'Training continues, and saving resumes once there is free space.',
  },
  {
    id: 'damaged-checkpoint',
    title: 'The newest checkpoint is corrupted (one flipped bit)',
    promise: 'The damage is detected, and training resumes from the checkpoint before it.',
  },
  {
    id: 'restore',
    title: 'A version is restored during training',
    promise: 'The current model is backed up first; training continues from the version.',
  },
  {
    id: 'hang-trainer',
    title: 'The trainer hangs (SIGSTOP)',
    promise: 'The missing heartbeat is detected, and the trainer is killed and restarted.',
  },
  {
    id: 'account',
    title: 'Every row is accounted for',
    promise: 'No row is lost, and none is trained twice in an epoch.',
  },
] as const;

export type DrillExerciseId = (typeof DRILL_EXERCISES)[number]['id'];
const ids = DRILL_EXERCISES.map(({ id }) => id);

export const drillResult = z.object({
  id: z.enum(ids),
  /** `skipped`: it can't run on this system; the text says why. */
  outcome: z.enum(['passed', 'failed', 'skipped']),
  seconds: z.number(),
  /** What was measured, or what went wrong. */
  text: z.string().max(2000),
});
export type DrillResult = z.infer<typeof drillResult>;

export const drillReport = z.object({
  format: z.literal(1),
  /** No exercise failed; some may have been skipped. */
  passed: z.boolean(),
  seconds: z.number(),
  exercises: z.array(drillResult).max(ids.length),
});
export type DrillReport = z.infer<typeof drillReport>;

/** The drill that the engine runs, or the last one since its start. */
export const drillState = z.object({
  state: z.enum(['none', 'running', 'passed', 'failed', 'canceled']),
  /** Unix seconds; null: none has run. */
  started: z.number().nullable(),
  exercises: z.array(drillResult).max(ids.length),
  /** Why it ended without a report. */
  message: z.string().max(2000).nullable(),
});
export type DrillState = z.infer<typeof drillState>;

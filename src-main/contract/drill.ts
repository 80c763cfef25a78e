/** The recovery drill: faults that are caused for real in a temporary workspace. Pure. */
import { z } from 'zod';

/** In the order in which they run. `promise`: what the user is promised. */
export const DRILL_EXERCISES = [
  {
    id: 'kill-trainer',
    title: 'The trainer is killed (kill -9)',
    promise: 'Training resumes by itself from the newest checkpoint.',
  },
  {
    id: 'kill-engine',
    title: 'The engine is killed (kill -9)',
    promise: 'The trainer keeps training, and the next engine takes it over.',
  },
  {
    id: 'full-disk',
    title: 'The disk fills up',
    promise: 'Training continues, nothing fails, and saving resumes when there is room.',
  },
  {
    id: 'damaged-checkpoint',
    title: 'One byte of the newest checkpoint flips',
    promise: 'The damage is found, and the checkpoint before it is used.',
  },
  {
    id: 'restore',
    title: 'A version is restored during training',
    promise: 'The model goes back to it; what stood is backed up first.',
  },
  {
    id: 'hang-trainer',
    title: 'The trainer hangs (SIGSTOP)',
    promise: 'It is noticed by its missing heartbeat, ended and replaced.',
  },
  {
    id: 'account',
    title: 'Every row after all of this',
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

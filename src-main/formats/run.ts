/** Files of a run folder `runs/<run-id>/` that every Python process writes. */
import { z } from 'zod';
import { defineFile, renamedValue } from './document.ts';
import {
  count,
  flag,
  formatNumber,
  integer,
  number,
  processIdentity,
  text,
  time,
} from './fields.ts';

export const WORKER_KINDS = [
  'intake',
  'base',
  'sample',
  'evaluate',
  'verify',
  'stage',
  'chat',
] as const;
export type WorkerKind = (typeof WORKER_KINDS)[number];

export const RUN_KINDS = ['train', ...WORKER_KINDS] as const;
export type RunKind = (typeof RUN_KINDS)[number];

export const HEARTBEAT_PHASES = [
  'load',
  'step',
  'evaluate',
  'generate',
  'save',
  'paused',
  'wait',
  'work',
] as const;
export type HeartbeatPhase = (typeof HEARTBEAT_PHASES)[number];

/** `canceled`: a worker that was told to stop. Trainers end with the others. */
export const OUTCOMES = [
  'completed',
  'paused',
  'stopped',
  'skipped',
  'failed',
  'canceled',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const heartbeatFile = defineFile({
  name: 'heartbeat',
  damaged: 'Ignored; without another one the hang limit counts',
  group: 'run',
  writer: 'Python',
  description:
    'Proof that the loop runs: written by the loop itself, never by a helper thread; renamed into ' +
    'place without fsync, at most every 0.25 s and at each change of phase. A rank that follows ' +
    'writes `heartbeat-<rank>`',
  schema: z.object({
    format: formatNumber,
    ...processIdentity,
    seq: count('Heartbeats of this process so far').default(0),
    phase: z.enum(HEARTBEAT_PHASES).describe('What the loop is doing; workers: `work`'),
    step: integer('Step of the branch').nullable().default(null),
    position: integer('Rows of the pass that are done; intake: rows read').nullable().default(null),
    t: time('When it was written'),
    monotonic: number('Monotonic clock, seconds').nullable().default(null),
    detail: text('What a worker is doing').nullable().default(null),
    done: count('While evaluating: rows or answers that are done').nullable().default(null),
    total: count('While evaluating: of how many').nullable().default(null),
    order_signal: integer('First signal that is an order; null: a signal would end the process')
      .nullable()
      .default(null),
  }),
});
export type Heartbeat = z.infer<typeof heartbeatFile.schema>;

export const runError = z.object({
  category: text('Category of the crash table').default('unknown'),
  type: text('Class of the exception').default(''),
  message: text('Message of the exception').default(''),
  traceback: text('Python traceback').default(''),
  rows: z.array(z.number().int()).default([]).describe('Rows that caused it, where known'),
});

export const exitFile = defineFile({
  name: 'exit.json',
  damaged: 'The run counts as crashed',
  group: 'run',
  writer: 'Python, last',
  description: 'How the run ended. A process that leaves none has crashed',
  schema: z.object({
    format: formatNumber,
    outcome: renamedValue({ cancelled: 'canceled' }, z.enum(OUTCOMES)).describe('How it ended'),
    reason: text('One sentence').nullable().default(null),
    t: time('When it ended').default(0),
    step: integer('Step of the branch; null: nothing was loaded yet').nullable().default(null),
    position: integer('Rows of the pass that are done').nullable().default(null),
    code: integer('Exit code: 1 for `failed`, else 0').default(0),
    steps_done: integer('Steps of the pass over all of its runs; trainers only')
      .nullable()
      .default(null),
    error: runError.nullable().default(null).describe('Set when the outcome is `failed`'),
  }),
});
export type Exit = z.infer<typeof exitFile.schema>;

export const processFile = defineFile({
  name: 'process.json',
  damaged: 'Ignored; the trainer is found by its lock',
  group: 'run',
  writer: 'engine',
  description: 'Identity of the process, so that a trainer without a lock yet can be adopted',
  schema: z.object({ format: formatNumber, ...processIdentity }),
});

export const evaluationResultFile = defineFile({
  name: '<output>.json',
  damaged: 'The evaluation has failed',
  group: 'run',
  writer: 'evaluate worker',
  description: 'Answers of a model to a file of questions; the spec names the path',
  schema: z.object({
    format: formatNumber,
    k: count('Right answers'),
    n: count('Questions'),
    low: number('Wilson interval, 95 %, as a fraction'),
    high: number('Wilson interval, 95 %, as a fraction'),
    unfinished: count('Answers that a limit cut off; they are not counted as wrong'),
    think_share: number('Answers with a think block, as a fraction'),
    seconds: number('Time of generation'),
    answers: z.array(
      z.object({
        row: integer('Row of the question'),
        prompt: text('Prompt as rendered'),
        expected: text('Expected answer'),
        produced: text('Answer of the model'),
        matches: flag('The scorer accepts it'),
        finished: flag('The model ended its answer itself'),
      }),
    ),
  }),
});

/** `YYYYMMDD-HHMMSS-<kind>-<16 hex>`, UTC; 4 hex digits in runs of earlier versions. */
export function runId(kind: RunKind, now: number, random: string): string {
  const [day = '', clock = ''] = new Date(now * 1000).toISOString().split('T');
  return `${day.replaceAll('-', '')}-${clock.slice(0, 8).replaceAll(':', '')}-${kind}-${random}`;
}

export const isTrainRun = (id: string): boolean => id.includes('-train-');

/** Events of the workers, and those that the engine adds to a run's own. */
import { z } from 'zod';
import { checkpointCursor, fileHashes } from './checkpoint.ts';
import { crashCategory, event } from './event.ts';
import { baseReference, count, integer, number, rowNumbers, text, time } from './fields.ts';
import { HEARTBEAT_PHASES } from './run.ts';

const step = integer('Step of the branch');
const hang = {
  phase: z.enum(HEARTBEAT_PHASES).describe('Phase of the last heartbeat'),
  age_s: number('Seconds since the last heartbeat'),
};

export const workerEvents = [
  event('progress', 'worker', 'How far it is, at most 4 times a second', {
    rows: count('intake, evaluate: rows done').optional(),
    bytes: count('intake: bytes read').optional(),
    total_bytes: count('intake: size of the file').optional(),
    total: count('evaluate: number of questions').optional(),
    fraction: number('base, sample: 0 to 1').optional(),
    detail: text('base, sample: what is being done').optional(),
  }),
  event('scanned', 'worker', '`verify`: the checkpoint that training would resume from', {
    resumes: z
      .object({
        step,
        branch: text('Branch name'),
        folder: text('Its folder'),
        base: baseReference.describe('Base model'),
        cursor: checkpointCursor.nullable().describe('Its cursor'),
        dataset_file_hash: text(
          'xxh3-128 of the dataset file; null: no path or no file',
        ).nullable(),
      })
      .nullable()
      .describe('Null: no checkpoint verifies'),
    skipped: z
      .array(z.object({ step, folder: text('Its folder'), reason: text('What is wrong') }))
      .describe('Newer checkpoints that do not verify'),
    bytes: count('Bytes that were read'),
    seconds: number('Duration'),
  }),
  event('verified', 'worker', '`stage`: every byte is what was saved', {
    folder: text('Folder that was read'),
    read: fileHashes.describe('By `device:inode:size:mtime`, so that nothing is read twice'),
  }),
  event('staged', 'worker', '`stage`: the first checkpoint of the new branch exists', {
    folder: text('Its folder'),
    bytes: count('Size'),
  }),
  event('ready', 'worker', '`chat`: the model is loaded', {
    device: text('`cpu` or `cuda:<index>`'),
    seconds: number('Time of loading'),
  }),
  event('answer', 'worker', '`chat`: the next piece of an answer, at most 10 times a second', {
    id: text('Id of the answer'),
    state: z
      .enum(['writing', 'finished', 'length', 'stopped', 'failed'])
      .describe('`length`: the token limit was reached; `failed`: see `message`'),
    text: text('Text since the last event'),
    raw: text('The same with the special tokens'),
    tokens: count('Tokens of the answer so far'),
    seconds: number('Time since the question was read'),
    prompt: text('The first event: what the model was fed').optional(),
    prompt_tokens: count('The first event: its tokens').optional(),
    message: text('Why it failed').optional(),
  }),
] as const;

export const engineEvents = [
  event('crashed', 'engine', 'The trainer ended without an outcome', {
    category: crashCategory,
    message: text('What is known about the cause'),
    resumes_from: integer('Last step that is saved').nullable(),
    attempt: integer('Restarts in a row without a new checkpoint'),
    rows: rowNumbers('Rows that caused it, where known'),
  }),
  event('restarted', 'engine', 'The trainer runs again after a crash', {
    seconds: number('Time without training'),
    step: step.nullable(),
    lost_steps: count('Steps that no checkpoint holds').nullable(),
    cause: text('Meaning of the category'),
    category: crashCategory,
  }),
  event('hang_suspected', 'engine', 'No heartbeat for long; a stack trace is requested', hang),
  event('hang_killed', 'engine', 'No heartbeat beyond the limit; the trainer is killed', {
    ...hang,
    stack: text('End of the log with the stack trace'),
  }),
  event('asleep', 'engine', 'The machine slept; the silence is not counted', {
    from: time('Last check before'),
    until: time('First check after'),
    step: step.nullable(),
  }),
] as const;

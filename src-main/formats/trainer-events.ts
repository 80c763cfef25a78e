/** Events of the trainer, and of every process: `events.jsonl` of a run. */
import { z } from 'zod';
import { crashCategory, event } from './event.ts';
import {
  choice,
  count,
  flag,
  integer,
  number,
  processIdentity,
  rowNumbers,
  text,
} from './fields.ts';
import { OUTCOMES } from './run.ts';

const step = integer('Step of the branch');
const validation = z.object({
  loss: number('Nats per trained token; null: no token').nullable(),
  rows: count('Rows'),
  tokens: count('Trained tokens'),
});
const memory = {
  step,
  // Of earlier versions, which counted examples.
  micro_batch_from: integer('Examples at a time before; null: unlimited').nullish(),
  micro_batch_to: integer('Examples at a time from here on; null: unlimited').nullish(),
  tokens_from: integer('Tokens at a time before').optional(),
  tokens_to: integer('Tokens at a time from here on').optional(),
  activation_checkpointing: flag('Activations are recomputed instead of kept'),
  loss_chunk: integer('Tokens of the loss that are computed at a time'),
};

export const trainerEvents = [
  event('started', 'every process', 'The process runs; the trainer has loaded the model', {
    ...processIdentity,
    device: text('Device of the trainer').optional(),
    threads: integer('Threads of the trainer').optional(),
    torch: text('Version of torch').optional(),
    model: text('Class of the model').optional(),
    parameters: count('Parameters of the model').optional(),
    precision: text('`bf16` or `fp32`').optional(),
  }),
  event('acknowledged', 'every process', 'A command was read', {
    seq: integer('Number of the command'),
    // Not the enum: a command file with an unknown verb is acknowledged under that name.
    verb: text('Its verb'),
    state: choice(['accepted', 'done', 'refused'], 'What became of it'),
    reason: text('Why it was refused').nullable(),
  }),
  event('checkpoint_skipped', 'trainer', 'A checkpoint did not verify and is passed over', {
    folder: text('Its folder'),
    reason: text('What is wrong with it'),
  }),
  event('cache_rebuilt', 'trainer', 'A damaged token cache was rebuilt before training', {
    folder: text('Its folder'),
    dataset: text('Dataset; null: the fixed validation set').nullable(),
    files: z.array(z.string()).describe('Files that were not as they were written'),
    seconds: number('Duration'),
  }),
  event('resumed', 'trainer', 'Training begins or continues here', {
    step,
    position: integer('Rows of the pass that are done'),
    from: text('Folder of the checkpoint; null: the base model').nullable(),
    lost_steps: count('Steps that no checkpoint holds'),
  }),
  event('lost', 'trainer', 'Ledger lines beyond the checkpoint were marked as lost', {
    branch: text('Branch name'),
    after_step: integer('Step of the checkpoint'),
    upto_step: integer('Last step of the ledger'),
  }),
  event(
    'orphaned_steps',
    'trainer',
    'No checkpoint holds the end of an earlier dataset; its ledger is marked',
    {
      branch: text('Branch name'),
      dataset: text('Dataset id'),
      after_step: integer('Last step that a checkpoint holds'),
      steps: count('Steps that are lost'),
    },
  ),
  event('paused', 'trainer', 'Training is paused', {
    step,
    checkpoint: integer('Last step that is saved'),
  }),
  event('unpaused', 'trainer', 'Training continues after a pause', { step }),
  event('checkpoint', 'trainer', 'A checkpoint is durable', {
    step: integer('Step of its state; with `saving: async` an earlier one than the newest'),
    folder: text('Its folder'),
    bytes: count('Size'),
    seconds: number('Time until it was durable'),
    stall_seconds: number('Time that training waited for it'),
    why: choice(
      ['interval', 'pause', 'stop', 'end', 'command', 'skip', 'evaluation'],
      'Why it was saved',
    ),
  }),
  event('checkpoint_failed', 'trainer', 'A checkpoint could not be written; retried every 30 s', {
    step,
    reason: text('What the disk said'),
    free_bytes: count('Free space'),
    needed_bytes: count('Space that a checkpoint needs, about'),
  }),
  event('evaluation', 'trainer', 'An evaluation is done', {
    step,
    when: choice(['start', 'interval', 'end', 'command'], 'Why it ran'),
    core: validation.nullable().describe('Fixed validation set'),
    slice: validation.nullable().describe('Validation rows of this dataset'),
    exact: z
      .object({
        k: count('Right answers'),
        n: count('Questions'),
        low: number('Wilson interval, 95 %'),
        high: number('Wilson interval, 95 %'),
        unfinished: count('Answers that a limit cut off'),
        not_asked: count('Questions that the time limit left out; not among the n').optional(),
      })
      .nullable()
      .describe('Generated answers'),
    think: z
      .object({
        share: number('Answers with a think block'),
        empty: number('Of these, empty blocks'),
        closed: number('Of these, closed blocks'),
        n: count('Answers'),
      })
      .nullable()
      .describe('Think blocks of the generated answers, as fractions'),
    train_smoothed: number('Smoothed training loss: debiased average, 0.6 of the past').nullable(),
    precision: choice(['bf16', 'fp32'], 'Of the weights that were measured').optional(),
    gap: number('Validation loss minus training loss; null below 20 rows').nullable(),
    seconds: number('Duration'),
    abandoned: flag('A command interrupted it'),
  }),
  event('evaluation_failed', 'trainer', 'An evaluation or preview failed; training continues', {
    step,
    what: choice(['evaluation', 'preview'], 'Which of the two'),
    category: crashCategory,
    error: text('Class of the exception'),
    message: text('Message of the exception'),
  }),
  event('preview', 'trainer', 'One validation question was answered', {
    step,
    row: integer('Row of the question'),
    source: choice(['fixed', 'dataset'], 'Fixed validation set, or this dataset').optional(),
    prompt: text('Question'),
    rendered: text('What the model read: the decoded tokens of the prompt').optional(),
    prompt_tokens: count('Tokens of the whole prompt'),
    expected: text('Expected answer'),
    produced: text('Answer of the model'),
    matches: flag('The scorer accepts it'),
    finished: flag('The model ended its answer itself'),
    tokens: count('Tokens of the answer'),
    seconds: number('Duration'),
  }),
  event('out_of_memory', 'trainer', 'Memory ran out; the same batch is tried with less', memory),
  event('memory_regained', 'trainer', 'After steps without a shortage more is tried', memory),
  event('threads', 'trainer', 'The number of threads changed (CPU, `deterministic: off`)', {
    step,
    threads_from: integer('Threads before'),
    threads_to: integer('Threads from here on'),
  }),
  event('non_finite', 'trainer', 'A loss or gradient was NaN or Inf; the step was not applied', {
    step,
    rows: rowNumbers('Rows of the batch'),
    what: choice(['loss', 'gradient'], 'Which of the two'),
  }),
  event('weights_not_finite', 'trainer', 'Weights or optimizer state hold NaN or Inf; not saved', {
    step,
    name: text('First tensor that does'),
    saved: integer('Step that the next run begins at; 0: the base model'),
  }),
  event('monitoring', 'trainer', 'Time spent on evaluations and previews', {
    step,
    seconds_total: number('Time of the pass without pauses'),
    seconds_monitoring: number('Of it, evaluations and previews'),
    percent: number('Their share'),
  }),
  event('monitoring_skipped', 'trainer', 'Monitoring exceeds its budget; something was left out', {
    step,
    what: choice(['evaluation', 'answers', 'preview'], 'What was left out'),
    percent: number('Share of the time of the pass that monitoring took'),
    limit: number('`budget.monitoring_percent`'),
  }),
  event('finished', 'trainer', 'The run ends with an outcome', {
    outcome: z.enum(OUTCOMES).describe('How it ended'),
    step,
    steps_done: count('Steps of the pass'),
    steps_planned: count('Planned steps of the pass'),
    rows_trained: count('Rows of the pass that are done'),
  }),
] as const;

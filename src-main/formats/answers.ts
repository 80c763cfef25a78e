/** `answers.jsonl` of a dataset: what the model answered at each evaluation. */
import { z } from 'zod';
import { defineLines } from './document.ts';
import { choice, flag, integer, text, time } from './fields.ts';

export const answersFile = defineLines({
  name: 'answers.jsonl',
  damaged: 'The line is skipped',
  group: 'dataset',
  writer: 'trainer',
  description: 'One line per evaluation that generated answers',
  schema: z.object({
    t: time('When it was done'),
    branch: text('Branch name'),
    pass: text('Pass id'),
    step: integer('Step of the branch'),
    when: choice(['start', 'interval', 'end', 'command'], 'Why it ran'),
    answers: z
      .array(
        z.object({
          row: integer('Row of the question'),
          prompt: text('Question'),
          expected: text('Expected answer'),
          produced: text('Answer of the model'),
          matches: flag('The scorer accepts it'),
          finished: flag('The model ended its answer itself'),
        }),
      )
      .describe('In the order of the questions'),
  }),
});

/**
 * The pipes of the warm intake worker, `python -m nightshift_trainer --serve`: it validates one file
 * after another without starting Python for each. Everything else about a file is in its run folder.
 */
import { z } from 'zod';
import { defineLines } from './document.ts';
import { count, flag, text } from './fields.ts';

export const intakeRequest = defineLines({
  name: 'stdin of the intake worker',
  damaged: 'The worker ends; the file is validated again',
  group: 'run',
  writer: 'engine',
  description: 'One run folder with an intake `spec.json`; the worker ends when the pipe closes',
  schema: z.object({ folder: text('Run folder') }),
});

export const intakeAnswer = defineLines({
  name: 'stdout of the intake worker',
  damaged: 'Ignored',
  group: 'run',
  writer: 'intake worker',
  description: 'First that it is ready, then one line per run, after its `exit.json`',
  schema: z.object({
    folder: text('Run folder that is done; null: the worker is ready').nullable(),
    rss_bytes: count('Resident memory of the worker'),
    ends: flag('The worker takes no further run'),
  }),
});
export type IntakeAnswer = z.infer<typeof intakeAnswer.schema>;

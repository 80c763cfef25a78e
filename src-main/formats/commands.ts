/** Commands from the engine to a Python process: `commands/<seq>-<verb>.json` in its run folder. */
import { z } from 'zod';
import { defineFile } from './document.ts';
import { formatNumber, integer, number, text, time } from './fields.ts';

export const COMMAND_VERBS = [
  'pause',
  'resume',
  'stop-after',
  'stop-now',
  'skip',
  'checkpoint',
  'sample',
  'eval',
  'ask',
  'stop-answer',
  'configure',
] as const;
export type CommandVerb = (typeof COMMAND_VERBS)[number];

/** `args` of the command `ask`. */
export const askArguments = z.object({
  id: text('Id of the answer'),
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'user', 'assistant']).describe('Who wrote it'),
        content: text('The message'),
      }),
    )
    .describe('The conversation, ending with a user message'),
  thinking: z.enum(['off', 'keep', 'model']).describe('Policy for think blocks'),
  temperature: number('0: the most probable token each time'),
  seed: integer('Seed of the sampling'),
  max_new_tokens: integer('Longest answer, tokens'),
});
export type AskArguments = z.infer<typeof askArguments>;

/** `args` of the command `configure`: the settings that also change for the pass being trained. */
export const liveSettings = z.object({
  micro_batch: z
    .union([z.literal('auto'), integer('Examples in memory at a time')])
    .describe('Examples in memory at a time'),
  generate_samples: integer('Questions asked in an evaluation'),
  eval_max_new_tokens: integer('Longest answer, tokens'),
  eval_timeout_seconds: number('Time limit of an evaluation, s'),
  keep_checkpoints: integer('Checkpoints to keep'),
  pause_keep_seconds: number('How long a paused trainer keeps the model in memory, s'),
  monitoring_percent: number('Monitoring budget, percent of the time'),
});
export type LiveSettings = z.infer<typeof liveSettings>;

/** What a command does, for docs/protocol.md. */
export const commandEffects: Readonly<Record<CommandVerb, string>> = {
  pause:
    'Saves and keeps the model in memory for `pause_keep_seconds`, then ends with the outcome `paused`.',
  resume: 'Continues after `pause`.',
  'stop-after':
    'Acknowledged and nothing else: the engine starts no further dataset, the trainer finishes this one.',
  'stop-now': 'Saves and ends with the outcome `stopped`; a worker ends with `canceled`.',
  skip: 'Saves, writes `cursor.json` and ends with the outcome `skipped`.',
  checkpoint: 'Saves a checkpoint.',
  sample: 'Generates one preview.',
  eval: 'Runs an evaluation.',
  ask: 'A `chat` worker answers the conversation in `args`.',
  'stop-answer': 'A `chat` worker ends the answer with the `id` in `args`.',
  configure: 'The trainer uses the settings in `args` from the next step on.',
};

export const commandFile = defineFile({
  name: 'commands/<seq>-<verb>.json',
  damaged: 'Refused, and training continues',
  group: 'run',
  writer: 'engine',
  description: 'One command; `<seq>` has six digits. It is read within one step or 10 s',
  schema: z.object({
    format: formatNumber,
    seq: integer('Number of the command, from 1; commands are carried out in this order'),
    verb: z.enum(COMMAND_VERBS).describe('What to do'),
    t: time('When it was given'),
    args: z
      .record(z.string(), z.unknown())
      .default({})
      .describe(
        '`ask`: the conversation; `stop-answer`: the `id`; `configure`: the settings; else empty',
      ),
  }),
});
export type Command = z.infer<typeof commandFile.schema>;

export const commandName = (seq: number, verb: CommandVerb): string =>
  `${String(seq).padStart(6, '0')}-${verb}.json`;

/** The number of the next command, from the names in the folder. */
export function nextCommandSeq(names: readonly string[]): number {
  const numbers = names.map((name) => Number(/^(\d+)-/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers) + 1;
}

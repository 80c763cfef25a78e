/** The playground: models of the workspace to ask, and their answers. */
import { z } from 'zod';

export const playgroundModel = z.object({
  /** `current`, the name of a version, or `base:<id>`. */
  id: z.string(),
  kind: z.enum(['current', 'version', 'base']),
  label: z.string(),
  branch: z.string().nullable(),
  /** null for a base model. */
  step: z.number().int().nullable(),
});
export type PlaygroundModel = z.infer<typeof playgroundModel>;

export const chatMessage = z.object({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string().max(200_000),
});
export type ChatMessage = z.infer<typeof chatMessage>;

export const question = z.object({
  /** A `PlaygroundModel` id, or a unique prefix of one. */
  model: z.string().min(1).max(200),
  /** The conversation so far; the last message is the question. */
  messages: z
    .array(chatMessage)
    .min(1)
    .max(1000)
    .refine((messages) => messages.at(-1)?.role === 'user', 'the last message must be from user'),
  /** 0: the most probable token each time. */
  temperature: z.number().min(0).max(2).default(0),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0),
  max_new_tokens: z.number().int().min(1).max(8192).default(512),
  /** `auto`: a GPU that no trainer uses, else the processor. */
  device: z.enum(['auto', 'cpu']).default('auto'),
});
export type Question = z.infer<typeof question>;

export const answerState = z.enum([
  'loading',
  'waiting',
  'writing',
  'finished',
  'length',
  'stopped',
  'failed',
]);
export type AnswerState = z.infer<typeof answerState>;

export const answer = z.object({
  id: z.string(),
  model: z.string(),
  /** `loading`: the model; `waiting`: for another answer; `length`: the limit was reached. */
  state: answerState,
  /** `cpu` or `cuda:<index>`; null until the model is loaded. */
  device: z.string().nullable(),
  /** Without special tokens. */
  text: z.string(),
  /** With the special tokens. */
  raw: z.string(),
  /** What the model was fed; null until it starts. */
  prompt: z.string().nullable(),
  prompt_tokens: z.number().int().nullable(),
  tokens: z.number().int(),
  /** Time of writing; without that of loading the model. */
  seconds: z.number(),
  /** Why it failed. */
  message: z.string().nullable(),
});
export type Answer = z.infer<typeof answer>;

export const isEnded = (state: AnswerState): boolean =>
  state !== 'loading' && state !== 'waiting' && state !== 'writing';

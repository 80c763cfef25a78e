/**
 * Base models and token caches: `base.json`, `cache.json`, `core.json` and the files beside them.
 */
import { z } from 'zod';
import { defineFile, defineLines, renameFields } from './document.ts';
import { count, formatNumber, integer, text, time } from './fields.ts';
import { folderName } from './names.ts';

export const baseFile = defineFile({
  name: 'base.json',
  damaged: 'The base model counts as missing',
  group: 'model',
  writer: 'base worker',
  description: 'What a base model is; its folder is `models/<id>/`',
  upgrade: (value) => renameFields(value, { licence: 'license' }),
  schema: z.object({
    format: formatNumber,
    id: text('`smollm2`, `starter` or `folder`'),
    name: text('Name of the model').optional(),
    label: text('Where it came from').optional(),
    hash: text('xxh3-128 over weights, configuration and tokenizer'),
    license: text('License').default('unknown'),
    parameters: count('Parameters').nullable().default(null),
    made: time('When it was made').optional(),
  }),
});
export type BaseFile = z.infer<typeof baseFile.schema>;

export const cacheFile = defineFile({
  name: 'cache.json',
  damaged: 'The file is validated again',
  group: 'cache',
  writer: 'intake worker',
  description: 'What the token cache was made from, and how much it holds',
  schema: z.object({
    format: formatNumber,
    key: text('Key of the cache, its folder name'),
    template_hash: text('xxh3-128 of `training_template.jinja`'),
    tokenizer_hash: text('xxh3-128 of `tokenizer.json`'),
    content_hash: text('xxh3-128 of the dataset file'),
    vocabulary: count('Size of the vocabulary'),
    rows: count('Rows that have examples'),
    examples: count('Examples'),
    tokens: count('Tokens'),
    trained_tokens: count('Tokens that count toward the loss'),
    files: z
      .record(z.string(), z.string())
      .optional()
      .describe('xxh3-128 of every other file of the cache, checked when a pass starts'),
    hash: text('xxh3-128 of all other fields').optional(),
  }),
});
export type CacheFile = z.infer<typeof cacheFile.schema>;

export const cacheTexts = defineLines({
  name: 'texts.jsonl',
  damaged: 'The line is skipped',
  group: 'cache',
  writer: 'intake worker',
  description: 'Questions of the validation rows; raw texts have none',
  schema: z.object({
    row: integer('Row'),
    question: text('Last words of the user'),
    prompt: text('Prompt as rendered'),
    expected: text('Expected answer'),
    prompt_ids: z.array(z.number().int()).describe('Token ids of the prompt'),
  }),
});

export const coreFile = defineFile({
  name: 'core.json',
  damaged: 'Refused: a second validation set would change what is measured',
  group: 'cache',
  writer: 'intake worker',
  description: 'The fixed validation set, `data/validation/core/`; made once and never changed',
  upgrade: (value) => renameFields(value, { normalised_hashes: 'normalized_hashes' }),
  schema: z.object({
    format: formatNumber,
    hash: text('xxh3-128 of `records.jsonl`'),
    rows: count('Rows'),
    from_dataset: folderName('Dataset that they come from'),
    normalized_hashes: z.array(z.string()).describe('Hashes of the questions, 16 hex digits each'),
  }),
});

/** Stems of the token texts in a cache, `.i32` and `.u8`; older caches have the second one. */
export const TOKEN_BYTES_STEMS = ['token_bytes', 'pieces'] as const;

export const coreRecords = defineLines({
  name: 'records.jsonl',
  damaged: 'Refused, as `core.json`',
  group: 'cache',
  writer: 'intake worker',
  description: 'The rows of the fixed validation set as messages',
  schema: z.object({
    row: integer('Row'),
    messages: z
      .array(
        z.object({
          role: text('Role'),
          content: text('Text'),
          weight: count('0: an assistant message without loss').optional(),
        }),
      )
      .describe('Messages, as rendered'),
  }),
});

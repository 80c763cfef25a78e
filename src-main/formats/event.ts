/** What every event of `events.jsonl` shares. */
import { z } from 'zod';
import { text, time } from './fields.ts';

/** Who writes an event, for docs/protocol.md. */
export const eventWriters = z.registry<{
  readonly writer: 'trainer' | 'worker' | 'engine' | 'every process';
}>();

/** One member of the union. */
export function event<const T extends string, S extends z.ZodRawShape>(
  type: T,
  writer: 'trainer' | 'worker' | 'engine' | 'every process',
  description: string,
  fields: S,
) {
  const schema = z
    .object({ t: time('When it happened'), type: z.literal(type), ...fields })
    .describe(description);
  eventWriters.add(schema, { writer });
  return schema;
}

export const crashCategory = text('Category of the crash table');

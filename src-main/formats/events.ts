/** `events.jsonl` of a run: what happened, as a union that is told apart by `type`. */
import { z } from 'zod';
import { defineLines, isObject, renameFields } from './document.ts';
import { trainerEvents } from './trainer-events.ts';
import { engineEvents, workerEvents } from './worker-events.ts';

export const eventSchemas = [...trainerEvents, ...workerEvents, ...engineEvents] as const;
export type EventType = (typeof eventSchemas)[number]['shape']['type']['value'];
export const EVENT_TYPES: readonly EventType[] = eventSchemas.map(
  (schema) => schema.shape.type.value,
);

/** Types and fields of runs that were recorded under earlier names. */
const OLD_TYPES: Readonly<Record<string, string>> = {
  look_failed: 'evaluation_failed',
  lost_elsewhere: 'orphaned_steps',
  walked: 'scanned',
};
const OLD_FIELDS = { recomputes: 'activation_checkpointing', chunk: 'loss_chunk' };

function upgrade(value: unknown): unknown {
  if (!isObject(value) || typeof value.type !== 'string') return value;
  const type = OLD_TYPES[value.type] ?? value.type;
  const fields = type === 'out_of_memory' || type === 'memory_regained' ? OLD_FIELDS : {};
  const outcome = type === 'finished' && value.outcome === 'cancelled' ? 'canceled' : value.outcome;
  const renamed = renameFields(value, fields) as Record<string, unknown>;
  return outcome === undefined ? { ...renamed, type } : { ...renamed, type, outcome };
}

export const eventsFile = defineLines({
  name: 'events.jsonl',
  damaged: 'The line is skipped',
  group: 'run',
  writer: 'Python',
  description: 'One line per event, `{"t", "type", …}`',
  schema: z.preprocess(upgrade, z.discriminatedUnion('type', eventSchemas)),
});
export type RunEvent = z.infer<typeof eventsFile.schema>;
export type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { readonly type: T }>;

/**
 * An engine generated from the contract: a procedure answers with the room or the list item that its
 * schema names, or with the smallest valid value. What it answers is checked against the schema.
 */
import { isContractProcedure, type AnyContractProcedure } from '@orpc/contract';
import { z } from 'zod';
import { contract, rooms as roomsSchema, type RoomName } from '../../src-main/contract/index.ts';
import type { EngineApi } from '../../src-main/server/index.ts';
import { complete } from './complete.ts';
import type { Answers, Stage } from './stage.ts';

type Input = Readonly<Record<string, unknown>>;
type ByPath = Readonly<Record<string, Record<string, (input: unknown) => unknown> | undefined>>;

/** `before` is called first, and can refuse. */
export function contractDoor(
  stage: Stage,
  answers: Partial<Answers>,
  before: (path: string, input: unknown) => void,
): Omit<EngineApi, 'feed'> {
  const answer = (group: string, name: string, output: z.ZodType, input?: Input): unknown => {
    const path = `${group}.${name}`;
    before(path, input);
    const checked = (value: unknown): unknown =>
      complete(output, value, path, (schema) => knownValue(stage, schema, input));
    const own = (answers as ByPath)[group]?.[name]?.(input);
    const value = own ?? changedItem(stage, output, input);
    return value instanceof Promise ? value.then(checked) : checked(value);
  };
  const groups = Object.entries(contract).map(([group, procedures]) => [
    group,
    Object.fromEntries(
      Object.entries(procedures)
        .filter(([, procedure]) => isContractProcedure(procedure))
        .map(([name, procedure]: [string, AnyContractProcedure]) => {
          const output = procedure['~orpc'].outputSchema as z.ZodType;
          return [name, (input?: Input) => answer(group, name, output, input)];
        }),
    ),
  ]);
  return Object.fromEntries(groups) as Omit<EngineApi, 'feed'>;
}

/** A room, a list of a room's items, the item that the input names, or a part of the status. */
function knownValue(stage: Stage, schema: z.ZodType, input: Input | undefined): unknown {
  const rooms = stage.rooms();
  for (const [name, room] of Object.entries(roomsSchema.shape) as [RoomName, z.ZodType][]) {
    if (schema === room) return rooms[name];
    if (!(room instanceof z.ZodArray)) continue;
    if (schema === room.element) return changedItem(stage, schema, input);
    if (schema instanceof z.ZodArray && schema.element === room.element)
      return rooms[name as 'datasets'].slice(0, Number(input?.['limit'] ?? Infinity));
  }
  if (schema === roomsSchema.shape.status.shape.queue) return rooms.status.queue;
  return schema === roomsSchema.shape.status.shape.gpu.unwrap() ? rooms.status.gpu : undefined;
}

/** A list item with what the input says of it: `hold` with `held`, `pin` with `pinned`. */
function changedItem(stage: Stage, output: z.ZodType, input: Input | undefined): unknown {
  const room = (['datasets', 'versions', 'backups'] as const).find(
    (name) => roomsSchema.shape[name].element === output,
  );
  const id = input?.['id'] ?? input?.['name'];
  if (room === undefined || typeof id !== 'string') return undefined;
  const facts = Object.entries(input ?? {}).filter(
    ([key]) => key in roomsSchema.shape[room].element.shape && !['id', 'name'].includes(key),
  );
  return facts.length === 0
    ? stage.find(room, id)
    : stage.update(room, id, Object.fromEntries(facts));
}

/** Fills what a scene or an answer leaves out with the smallest value that the contract's schema allows. */
import { z } from 'zod';

/** A scene or an answer that the contract doesn't allow. */
export class ContractDrift extends Error {}

/** The value that stands for a whole schema, or undefined. */
export type Known = (schema: z.ZodType) => unknown;

/** Throws ContractDrift for a field that the schema doesn't have, and for an invalid value. */
export function complete<T extends z.ZodType>(
  schema: T,
  given: unknown,
  path: string,
  known: Known = () => undefined,
): z.output<T> {
  const parsed = schema.safeParse(fill(schema, given, path, known));
  if (!parsed.success) throw new ContractDrift(`${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function fill(schema: z.ZodType, given: unknown, path: string, known: Known): unknown {
  const whole = given === undefined ? known(schema) : undefined;
  if (whole !== undefined) return whole;
  if (schema instanceof z.ZodOptional)
    return given === undefined ? undefined : fill(inner(schema), given, path, known);
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return given === undefined ? schema.parse(undefined) : fill(inner(schema), given, path, known);
  if (schema instanceof z.ZodNullable) {
    if (given === undefined) return known(inner(schema)) ?? null;
    return given === null ? null : fill(inner(schema), given, path, known);
  }
  if (schema instanceof z.ZodObject) return fillObject(schema, given ?? {}, path, known);
  if (schema instanceof z.ZodArray && Array.isArray(given))
    return given.map((item: unknown, index) =>
      fill(schema.element as z.ZodType, item, `${path}.${String(index)}`, known),
    );
  if (schema instanceof z.ZodUnion) {
    const options = schema.options as z.ZodType[];
    const fitting = options.find((option) => fits(option, given, path, known)) ?? options[0];
    return fill(fitting ?? schema, given, path, known);
  }
  return given === undefined ? smallest(schema, path) : given;
}

function fillObject(schema: z.ZodObject, given: object, path: string, known: Known): unknown {
  const shape = schema.shape as Record<string, z.ZodType>;
  for (const name of Object.keys(given))
    if (!(name in shape)) throw new ContractDrift(`${path}.${name}: not in the contract`);
  const filled = Object.entries(shape).map(([name, field]) => [
    name,
    fill(field, (given as Record<string, unknown>)[name], `${path}.${name}`, known),
  ]);
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
}

function smallest(schema: z.ZodType, path: string): unknown {
  if (schema instanceof z.ZodString)
    return (path.split('.').at(-1) ?? path).padEnd(schema.minLength ?? 0, '-');
  if (schema instanceof z.ZodNumber) return Math.max(0, schema.minValue ?? 0);
  if (schema instanceof z.ZodBoolean) return false;
  if (schema instanceof z.ZodEnum) return schema.options[0];
  if (schema instanceof z.ZodLiteral) return schema.value;
  if (schema instanceof z.ZodArray) return [];
  if (schema instanceof z.ZodRecord) return {};
  if (schema instanceof z.ZodUnknown) return null;
  throw new ContractDrift(`${path}: the scene has to give this value`);
}

const inner = (schema: z.ZodOptional | z.ZodDefault | z.ZodPrefault | z.ZodNullable): z.ZodType =>
  schema.unwrap() as z.ZodType;

function fits(option: z.ZodType, given: unknown, path: string, known: Known): boolean {
  try {
    return option.safeParse(fill(option, given, path, known)).success;
  } catch {
    return false;
  }
}

/** JSON Schema of every format: what a writer writes, with all defaults present. */
import { z } from 'zod';
import { configSchema } from '../../contract/index.ts';
import { configFacts } from '../config-file.ts';
import { formatList } from '../registry.ts';

/** The part of JSON Schema that zod produces for these formats. */
export interface JsonSchema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
}

export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'output',
    override: ({ zodSchema, jsonSchema }) => {
      // Every integer has these two; they say nothing.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      // Readers ignore fields that they don't know, except in the configuration.
      const isStrict =
        zodSchema instanceof z.ZodObject && zodSchema.def.catchall instanceof z.ZodNever;
      if (jsonSchema.additionalProperties === false && !isStrict)
        delete jsonSchema.additionalProperties;
      const { additionalProperties: rest } = jsonSchema;
      if (typeof rest === 'object' && Object.keys(rest).length === 0 && 'properties' in jsonSchema)
        delete jsonSchema.additionalProperties;
    },
  }) as JsonSchema;
}

/** The members of a union; the schema itself where it is none. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  if (typeof schema.type === 'object') return schema.type.map((type) => ({ ...schema, type }));
  return schema.anyOf ?? schema.oneOf ?? [schema];
}

/** Its own, or that of the value which can be null; empty where there is none. */
export const descriptionOf = (schema: JsonSchema): string =>
  schema.description ??
  alternatives(schema).find((option) => option.description !== undefined)?.description ??
  '';

/** File name in docs/schema/ to its text. */
export function jsonSchemaFiles(): ReadonlyMap<string, string> {
  const write = (title: string, description: string, schema: z.ZodType): string =>
    `${JSON.stringify({ title, description, ...jsonSchemaOf(schema) }, null, 2)}\n`;
  const files = formatList.map(([name, format]): [string, string] => [
    `${name}.json`,
    write(format.name, format.description, format.schema),
  ]);
  const about = `${configFacts.description}; every key is optional`;
  const config = z.toJSONSchema(configSchema, { io: 'input' });
  files.push([
    'config.json',
    `${JSON.stringify({ title: configFacts.name, description: about, ...config }, null, 2)}\n`,
  ]);
  return new Map(files);
}

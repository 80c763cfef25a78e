/** The REST side of the contract as an OpenAPI document, made from the contract itself. */
import { OpenAPIGenerator } from '@orpc/openapi';
import { z } from 'zod';
import { contract } from '../contract/index.ts';

/** What only the page uses: the feed is a stream, uploads come in pieces. */
const notForScripts = new Set(['feed', 'uploads']);

let made: Promise<object> | null = null;

export function openApi(version: string): Promise<object> {
  made ??= new OpenAPIGenerator({
    schemaConverters: [
      {
        condition: (schema) => schema instanceof z.ZodType,
        convert: (schema, { strategy }) => {
          const known = schema as z.ZodType;
          const { $schema: _dialect, ...json } = z.toJSONSchema(known, {
            io: strategy,
            unrepresentable: 'any',
            target: 'draft-2020-12',
          });
          return [!known.safeParse(undefined).success, json as never];
        },
      },
    ],
  }).generate(contract, {
    info: {
      title: 'Nightshift',
      version,
      description:
        'On 127.0.0.1 only. Every address but the open status needs `Authorization: Bearer` with the token of `nightshift token`.',
    },
    servers: [{ url: '/api' }],
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    filter: ({ path }) => !notForScripts.has(path[0] ?? ''),
  });
  return made;
}

/** The OpenAPI document of the REST API, generated from the contract. */
import { OpenAPIGenerator } from '@orpc/openapi';
import { z } from 'zod';
import { contract } from '../contract/index.ts';

/** Only available over WebSocket: the feed is a stream, uploads are sent in chunks. */
const WEBSOCKET_ONLY = new Set(['feed', 'uploads']);

let cached: Promise<object> | null = null;

export function openApi(version: string): Promise<object> {
  cached ??= new OpenAPIGenerator({
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
        'Listens on 127.0.0.1 only. Every endpoint except the public status requires `Authorization: Bearer` with the token printed by `nightshift token`.',
    },
    servers: [{ url: '/api' }],
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    filter: ({ path }) => !WEBSOCKET_ONLY.has(path[0] ?? ''),
  });
  return cached;
}

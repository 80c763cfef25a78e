/**
 * What is generated from the formats, as text by path in the repository. Imported by scripts and
 * tests only.
 */
import { jsonSchemaFiles } from './json-schema.ts';
import { pythonModule } from './python.ts';
import { withGeneratedBlocks } from './tables.ts';

export const PROTOCOL_DOCUMENT = 'docs/protocol.md';
export const SCHEMA_FOLDER = 'docs/schema';

/** `protocol`: the text of docs/protocol.md, whose prose is kept. */
export function generatedFiles(protocol: string): ReadonlyMap<string, string> {
  return new Map([
    ...[...jsonSchemaFiles()].map(([name, content]): [string, string] => [
      `${SCHEMA_FOLDER}/${name}`,
      content,
    ]),
    ['python-runtime/nightshift_trainer/protocol.py', pythonModule()],
    [PROTOCOL_DOCUMENT, withGeneratedBlocks(protocol)],
  ]);
}

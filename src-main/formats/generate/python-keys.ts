/** The required keys of each kind of spec, dotted, parents first. */
import { specFiles, specSchemas } from '../spec.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';

/** Objects in lists and records are left to the code that reads them. */
function keysOf(schema: JsonSchema, prefix = ''): string[] {
  return (schema.required ?? []).flatMap((name) => {
    const field = schema.properties?.[name] ?? {};
    // An absent format number means 1, and a default is not required of the writer.
    if (name === 'format') return [];
    const objects = [field, ...(field.anyOf ?? [])].filter(
      (option) => option.properties !== undefined,
    );
    return [prefix + name, ...objects.flatMap((option) => keysOf(option, `${prefix}${name}.`))];
  });
}

function dictOf(name: string, entries: readonly (readonly [string, readonly string[]])[]): string {
  const lines = entries.map(([key, values]) => {
    const items = values.map((value) => `        ${JSON.stringify(value)},\n`).join('');
    return `    ${JSON.stringify(key)}: (\n${items}    ),\n`;
  });
  return `${name}: dict[str, tuple[str, ...]] = {\n${lines.join('')}}\n`;
}

export function requiredKeys(): string {
  const kinds = Object.keys(specSchemas) as (keyof typeof specSchemas)[];
  const all = kinds.map((kind): [string, string[]] => [
    kind,
    keysOf(jsonSchemaOf(specFiles[kind].schema)),
  ]);
  const actions = jsonSchemaOf(specSchemas.stage).properties?.['stage']?.oneOf ?? [];
  const stages = actions.map((action): [string, string[]] => [
    String(action.properties?.['action']?.const),
    keysOf(action, 'stage.'),
  ]);
  return `${dictOf('_REQUIRED_KEYS', all)}\n${dictOf('_STAGE_KEYS', stages)}`;
}

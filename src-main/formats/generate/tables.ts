/** The tables of docs/protocol.md, between `<!-- generated: name -->` and `<!-- end -->`. */
import { commandEffects } from '../commands.ts';
import { configFacts } from '../config-file.ts';
import { REJECTION_REASONS } from '../dataset-report.ts';
import { eventWriters } from '../event.ts';
import { eventSchemas } from '../events.ts';
import { type FormatName, formatList, formats } from '../registry.ts';
import { alternatives, descriptionOf, type JsonSchema, jsonSchemaOf } from './json-schema.ts';

/** Objects whose fields have a description elsewhere. */
const NOT_EXPANDED = ['config', 'frozen', 'predicted', 'actual'];

const code = (content: string): string => `\`${content}\``;
const cell = (content: string): string => content.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const isNull = (schema: JsonSchema): boolean => schema.type === 'null';

/** The object inside: of a nullable one, or of the elements of an array. Null: there is none. */
function objectOf(schema: JsonSchema): { readonly schema: JsonSchema; suffix: string } | null {
  const [only, ...more] = alternatives(schema).filter((option) => !isNull(option));
  if (only === undefined || more.length > 0) return null;
  if (only.properties !== undefined) return { schema: only, suffix: '' };
  const inner = only.items === undefined ? null : objectOf(only.items);
  if (inner !== null) return { schema: inner.schema, suffix: `[]${inner.suffix}` };
  return null;
}

function typeOf(schema: JsonSchema): string {
  const options = alternatives(schema);
  if (options.length > 1)
    return [...new Set(options.map((option) => (isNull(option) ? 'null' : typeOf(option))))].join(
      ' or ',
    );
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined)
    return schema.enum.map((value) => code(JSON.stringify(value))).join(', ');
  if (schema.type === 'array') return `[${typeOf(schema.items ?? {})}]`;
  if (schema.properties !== undefined) return 'object';
  if (schema.type === 'object') {
    const rest = schema.additionalProperties;
    return `{name: ${typeof rest === 'object' ? typeOf(rest) : 'any'}}`;
  }
  return typeof schema.type === 'string' ? schema.type : 'any';
}

function fieldRows(schema: JsonSchema, prefix = ''): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const isOptional = schema.required?.includes(name) !== true;
    const row = [
      code(prefix + name) + (isOptional ? ' (optional)' : ''),
      typeOf(field),
      descriptionOf(field),
    ];
    const inner = NOT_EXPANDED.includes(name) ? null : objectOf(field);
    if (inner !== null)
      return [row, ...fieldRows(inner.schema, `${prefix}${name}${inner.suffix}.`)];
    // A union of objects: the rows of each begin with the field that tells them apart.
    const members = alternatives(field).filter((option) => option.properties !== undefined);
    const isUnion = members.length > 1 && !NOT_EXPANDED.includes(name);
    return [
      row,
      ...(isUnion ? members.flatMap((option) => fieldRows(option, `${prefix}${name}.`)) : []),
    ];
  });
}

const fieldTable = (schema: JsonSchema): string =>
  table(['Field', 'Type', 'Meaning'], fieldRows(schema));

function fields(name: FormatName): string {
  const schema = jsonSchemaOf(formats[name].schema);
  return alternatives(schema).map(fieldTable).join('\n\n');
}

/** `core {loss, rows, tokens}`: the names, for the table of events. */
function shortField(name: string, field: JsonSchema, isOptional: boolean): string {
  const inner = objectOf(field);
  const names = inner === null ? '' : ` {${Object.keys(inner.schema.properties ?? {}).join(', ')}}`;
  return code(`${name}${isOptional ? '?' : ''}${names}${inner?.suffix ?? ''}`);
}

function events(): string {
  const rows = eventSchemas.map((schema) => {
    const json = jsonSchemaOf(schema);
    const names = Object.entries(json.properties ?? {})
      .filter(([name]) => name !== 't' && name !== 'type')
      .map(([name, field]) => shortField(name, field, json.required?.includes(name) !== true));
    const writer = eventWriters.get(schema)?.writer ?? '';
    return [code(schema.shape.type.value), writer, schema.description ?? '', names.join(', ')];
  });
  return table(['Event', 'Written by', 'Meaning', 'Fields'], rows);
}

type FileRow = Pick<(typeof formatList)[number][1], 'name' | 'writer' | 'description' | 'damaged'>;

const fileRow = (file: FileRow, schema: string): readonly string[] => [
  code(file.name.replace(/ \(.*/, '')),
  file.writer,
  file.description,
  file.damaged,
  schema.includes('*') ? code(schema) : `[${schema}](schema/${schema})`,
];

function files(group: string): string {
  const specs = formatList.filter(([name]) => name.startsWith('spec-'));
  const others = formatList.filter(([name]) => !name.startsWith('spec-'));
  const rows = others.flatMap(([name, format]) =>
    format.group === group ? [fileRow(format, `${name}.json`)] : [],
  );
  const [spec] = specs;
  if (group === 'run' && spec !== undefined)
    rows.unshift(
      fileRow({ ...spec[1], description: 'What the process is asked to do' }, 'spec-*.json'),
    );
  if (group === 'workspace') rows.unshift(fileRow(configFacts, 'config.json'));
  return table(['File', 'Written by', 'Content', 'If damaged', 'Schema'], rows);
}

/**
 * One block by its name: `events`, `commands`, `rejection-reasons`, `files-<group>`,
 * `fields-<format>`.
 */
export function generatedBlock(name: string): string {
  if (name === 'events') return events();
  if (name === 'commands')
    return table(
      ['Verb', 'Effect'],
      Object.entries(commandEffects).map(([verb, effect]) => [code(verb), effect]),
    );
  if (name === 'rejection-reasons') return REJECTION_REASONS.map(code).join(', ');
  if (name.startsWith('files-')) return files(name.slice('files-'.length));
  const format = name.slice('fields-'.length);
  if (name.startsWith('fields-') && format in formats) return fields(format as FormatName);
  throw new Error(`docs/protocol.md names a generated block that does not exist: ${name}`);
}

/** The text with the content of every block made again. */
export function withGeneratedBlocks(markdown: string): string {
  return markdown.replaceAll(
    /(<!-- generated: ([a-z-]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_whole, begin: string, name: string, end: string) =>
      `${begin}\n${generatedBlock(name)}\n\n${end}`,
  );
}

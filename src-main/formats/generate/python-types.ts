/** TypedDicts from JSON Schema. Nested objects get a class of their own, named after their path. */
import { alternatives, descriptionOf, type JsonSchema } from './json-schema.ts';

const WIDTH = 100;
const KEYWORDS = new Set(['pass', 'from', 'class', 'def', 'global', 'lambda', 'return', 'with']);

const capitalized = (name: string): string =>
  name
    .split(/[_-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

const literalOf = (values: readonly unknown[]): string =>
  `Literal[${values.map((value) => JSON.stringify(value)).join(', ')}]`;

/** One value per line where the line would be too long. */
export function literalAlias(name: string, values: readonly string[]): string {
  const line = `${name} = ${literalOf(values)}`;
  if (line.length <= WIDTH) return `${line}\n`;
  return `${name} = Literal[\n${values.map((value) => `    ${JSON.stringify(value)},\n`).join('')}]\n`;
}

/** Comment lines, indented by four, wrapped at the line length of the project. */
function comment(content: string): string[] {
  if (content === '') return [];
  const lines: string[] = [];
  let line = '';
  for (const word of content.split(/\s+/)) {
    if (line !== '' && `    # ${line} ${word}`.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((part) => `    # ${part}`);
}

/** The shape alone: two objects with the same fields are one class. */
function shapeOf(schema: JsonSchema): string {
  return JSON.stringify(schema, (key, value: unknown) =>
    key === 'description' || key === 'default' || key === '$schema' ? undefined : value,
  );
}

export class PythonTypes {
  private readonly classes: string[] = [];
  private readonly byShape = new Map<string, string>();
  private readonly aliases = new Map<string, string>();

  /** An enum with these values is written by this name. */
  alias(name: string, values: readonly string[]): void {
    this.aliases.set(JSON.stringify(values), name);
  }

  add(name: string, schema: JsonSchema): void {
    this.object(name, schema);
  }

  text(): string {
    return this.classes.join('\n\n');
  }

  private object(name: string, schema: JsonSchema): string {
    const shape = shapeOf(schema);
    const known = this.byShape.get(shape);
    if (known !== undefined) return known;
    const required: string[] = [];
    const optional: string[] = [];
    const keywords: string[] = [];
    for (const [field, content] of Object.entries(schema.properties ?? {})) {
      const type = this.type(name + capitalized(field), content);
      const lines = [...comment(descriptionOf(content)), `    ${field}: ${type}`];
      if (KEYWORDS.has(field)) keywords.push(`    "${field}": ${type},`);
      else if (schema.required?.includes(field) === true) required.push(...lines);
      else optional.push(...lines);
    }
    this.byShape.set(shape, name);
    const bases: string[] = [];
    if (keywords.length > 0) {
      // Not possible in the syntax of a class: the field has the name of a Python keyword.
      const base = `_${name}Keywords`;
      const total = schema.required?.some((field) => KEYWORDS.has(field)) === true;
      const lines = [`${base} = TypedDict(`, `    "${base}",`, '    {'];
      for (const line of keywords) lines.push(`    ${line}`);
      lines.push('    },', ...(total ? [] : ['    total=False,']), ')\n');
      this.classes.push(lines.join('\n'));
      bases.push(base);
    }
    if (optional.length > 0) {
      const base = `_${name}Optional`;
      this.classes.push(`class ${base}(TypedDict, total=False):\n${optional.join('\n')}\n`);
      bases.push(base);
    }
    const body = required.length > 0 ? required.join('\n') : '    pass';
    const from = bases.length > 0 ? bases.join(', ') : 'TypedDict';
    this.classes.push(`class ${name}(${from}):\n${body}\n`);
    return name;
  }

  private type(name: string, schema: JsonSchema): string {
    const options = alternatives(schema);
    if (options.length > 1) {
      const isMany = options.filter((option) => option.properties !== undefined).length > 1;
      const types = options.map((option) =>
        this.type(isMany ? name + discriminator(option) : name, option),
      );
      return [...new Set(types)].join(' | ');
    }
    if (schema.const !== undefined) return literalOf([schema.const]);
    if (schema.enum !== undefined)
      return this.aliases.get(JSON.stringify(schema.enum)) ?? literalOf(schema.enum);
    switch (schema.type) {
      case 'string':
        return 'str';
      case 'integer':
        return 'int';
      case 'number':
        return 'float';
      case 'boolean':
        return 'bool';
      case 'null':
        return 'None';
      case 'array':
        return `list[${this.type(name, schema.items ?? {})}]`;
      case 'object': {
        if (schema.properties !== undefined) return this.object(name, schema);
        const rest = schema.additionalProperties;
        return `dict[str, ${typeof rest === 'object' ? this.type(name, rest) : 'Any'}]`;
      }
      default:
        return 'Any';
    }
  }
}

/** `StageSpecStage` of the action `verify_base` becomes `StageSpecStageVerifyBase`. */
function discriminator(schema: JsonSchema): string {
  const tag = Object.values(schema.properties ?? {}).find((field) => field.const !== undefined);
  return typeof tag?.const === 'string' ? capitalized(tag.const) : '';
}

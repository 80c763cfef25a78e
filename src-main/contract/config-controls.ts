/** How a setting is edited, and what is wrong with a value, from the schema. Pure. */
import { z } from 'zod';
import { schemaOf } from './config.ts';

export type Control =
  | { readonly kind: 'choice'; readonly options: readonly string[] }
  | { readonly kind: 'switch' }
  /** `words`: allowed instead of a number, `auto` for example. */
  | { readonly kind: 'number'; readonly words: readonly string[] }
  | { readonly kind: 'text' };

function inner(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault ? inner(schema.unwrap() as z.ZodType) : schema;
}

function wordsOf(schema: z.ZodType): readonly string[] {
  if (!(schema instanceof z.ZodUnion)) return [];
  return schema.options.flatMap((option) =>
    option instanceof z.ZodLiteral ? [...option.values].map(String) : [],
  );
}

/** The control of a dotted key. Throws when there is no such key. */
export function controlOf(key: string): Control {
  const known = schemaOf(key);
  if (known === null) throw new Error(`There is no key ${key}.`);
  const schema = inner(known);
  if (schema instanceof z.ZodEnum) return { kind: 'choice', options: schema.options.map(String) };
  if (schema instanceof z.ZodBoolean) return { kind: 'switch' };
  if (schema instanceof z.ZodNumber) return { kind: 'number', words: [] };
  const words = wordsOf(schema);
  return words.length > 0 ? { kind: 'number', words } : { kind: 'text' };
}

/** What was typed, as a value. Text that is not a number stays text, and `problemOf` reports it. */
export function typedValue(control: Control, text: string): unknown {
  const trimmed = text.trim();
  if (control.kind !== 'number' || control.words.includes(trimmed)) return trimmed;
  const plain = trimmed.replaceAll(/[\s,_]/g, '');
  return plain === '' || Number.isNaN(Number(plain)) ? trimmed : Number(plain);
}

/** Why a value is not allowed, without the key; null when it is allowed. */
export function problemOf(key: string, value: unknown): string | null {
  const parsed = schemaOf(key)?.safeParse(value);
  if (parsed === undefined) return `unknown setting ${key}`;
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  return issue === undefined ? null : plainIssue(issue);
}

const kinds: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
};

/** An issue of the schema as text in lower case. */
export function plainIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'string'
        ? "can't be empty"
        : `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}`;
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union': {
      const parts = issue.errors.flatMap((error) => error.slice(0, 1)).map(plainIssue);
      return [...new Set(parts)].join(', or ');
    }
    case 'invalid_format':
      return "invalid format; see the setting's help";
    case 'unrecognized_keys':
      return `unknown setting ${issue.keys.join(', ')}`;
    default:
      return 'not allowed';
  }
}

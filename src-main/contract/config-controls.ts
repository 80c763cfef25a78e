/** How a key is edited, and what is wrong with a value, both from the one schema. Pure. */
import { z } from 'zod';
import { schemaOf } from './config.ts';

export type Control =
  | { readonly kind: 'choice'; readonly options: readonly string[] }
  | { readonly kind: 'switch' }
  /** `words`: what may stand instead of a number, `auto`. */
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

/** What was typed, as a value of the key; text that is no number stays text, and is refused by `problemOf`. */
export function typedValue(control: Control, text: string): unknown {
  const trimmed = text.trim();
  if (control.kind !== 'number' || control.words.includes(trimmed)) return trimmed;
  const plain = trimmed.replaceAll(/[\s,_]/g, '');
  return plain === '' || Number.isNaN(Number(plain)) ? trimmed : Number(plain);
}

/** Why a value is not allowed, without the key; null when it is. */
export function problemOf(key: string, value: unknown): string | null {
  const parsed = schemaOf(key)?.safeParse(value);
  if (parsed === undefined) return `there is no key ${key}`;
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  return issue === undefined ? null : plainIssue(issue);
}

const kinds: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
};

/** One issue of the schema in plain words, the first letter small. */
export function plainIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'string'
        ? 'it cannot be empty'
        : `it has to be ${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}`;
    case 'too_big':
      return `it has to be at most ${String(issue.maximum)}`;
    case 'invalid_type':
      return `it has to be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `it has to be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union': {
      const parts = issue.errors.flatMap((error) => error.slice(0, 1)).map(plainIssue);
      return [...new Set(parts)].join(', or ');
    }
    case 'invalid_format':
      return 'it has not the form that its help names';
    case 'unrecognized_keys':
      return `there is no key ${issue.keys.join(', ')}`;
    default:
      return 'it is not allowed';
  }
}

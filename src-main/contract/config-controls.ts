/**
 * The form control of a setting, and the validation of its values, derived from the schema. Pure.
 */
import { z } from 'zod';
import { schemaOf } from './config.ts';

export type Control =
  | { readonly kind: 'choice'; readonly options: readonly string[] }
  | { readonly kind: 'switch' }
  /** `keywords`: values allowed instead of a number, such as `auto`. */
  | { readonly kind: 'number'; readonly keywords: readonly string[] }
  | { readonly kind: 'text' };

function inner(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault ? inner(schema.unwrap() as z.ZodType) : schema;
}

function keywordsOf(schema: z.ZodType): readonly string[] {
  if (!(schema instanceof z.ZodUnion)) return [];
  return schema.options.flatMap((option) =>
    option instanceof z.ZodLiteral ? [...option.values].map(String) : [],
  );
}

/** The control of a setting by its dotted name. Throws if there is no such setting. */
export function controlOf(key: string): Control {
  const known = schemaOf(key);
  if (known === null) throw new Error(`There is no setting ${key}.`);
  const schema = inner(known);
  if (schema instanceof z.ZodEnum) return { kind: 'choice', options: schema.options.map(String) };
  if (schema instanceof z.ZodBoolean) return { kind: 'switch' };
  if (schema instanceof z.ZodNumber) return { kind: 'number', keywords: [] };
  const keywords = keywordsOf(schema);
  return keywords.length > 0 ? { kind: 'number', keywords } : { kind: 'text' };
}

/**
 * Converts typed text to a value; text that is not a number stays text, which `problemOf` rejects.
 */
export function typedValue(control: Control, text: string): unknown {
  const trimmed = text.trim();
  if (control.kind !== 'number' || control.keywords.includes(trimmed)) return trimmed;
  const plain = trimmed.replaceAll(/[\s,_]/g, '');
  return plain === '' || Number.isNaN(Number(plain)) ? trimmed : Number(plain);
}

/** Why a value is invalid, without naming the setting; null if it is valid. */
export function problemOf(key: string, value: unknown): string | null {
  const parsed = schemaOf(key)?.safeParse(value);
  if (parsed === undefined) return `there is no setting ${key}`;
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  return issue === undefined ? null : plainIssue(issue);
}

const kinds: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
};

/** Describes a schema issue, to be shown after the name of the setting and a colon. */
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
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union': {
      const texts = issue.errors.flatMap((error) => error.slice(0, 1)).map(plainIssue);
      const [first = '', ...others] = new Set(texts);
      return [first, ...others.map((text) => text.replace(/^must be /, ''))].join(' or ');
    }
    case 'invalid_format':
      return "invalid format; see the setting's help";
    case 'unrecognized_keys':
      return `unknown setting ${issue.keys.join(', ')}`;
    default:
      return 'is not allowed';
  }
}

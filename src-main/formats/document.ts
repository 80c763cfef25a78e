/**
 * What every file format shares: validation, renamed fields, and refusal of a newer format. Pure.
 */
import { z } from 'zod';

export type JsonObject = Readonly<Record<string, unknown>>;

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      /**
       * `newer_format`: written by a newer version, so the file is neither repaired nor replaced.
       */
      readonly reason: 'not_json' | 'newer_format' | 'invalid';
      /** One sentence that names the file. */
      readonly problem: string;
    };

export type Group =
  'run' | 'dataset' | 'cache' | 'checkpoint' | 'lineage' | 'model' | 'workspace' | 'status';

interface Facts {
  /** File name, or the pattern of it. */
  readonly name: string;
  readonly group: Group;
  readonly writer: string;
  readonly description: string;
  /** What happens when the file, or a line of it, can't be read. */
  readonly damaged: string;
}

export interface FileFormat<T> extends Facts {
  readonly kind: 'document';
  /** The highest format number that this version reads. */
  readonly version: number;
  readonly schema: z.ZodType<T>;
  /** `where`: how the sentence about a problem names the file, its path for example. */
  parse(value: unknown, where?: string): Reading<T>;
  parseText(content: string, where?: string): Reading<T>;
  toJson(value: Omit<T, 'format'>): JsonObject;
}

export interface LineFormat<T> extends Facts {
  readonly kind: 'lines';
  readonly schema: z.ZodType<T>;
  /** Null for a line that is no JSON or has another shape: a crash can cut a line in two. */
  parseLine(line: string): T | null;
  parse(value: unknown): T | null;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A field that is still present under its old name takes the new one; the new name wins. */
export function renameFields(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (!isObject(value) || !Object.keys(names).some((name) => name in value)) return value;
  const old = Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => {
      const renamed = names[name];
      return renamed === undefined ? [] : [[renamed, field]];
    }),
  );
  const kept = Object.fromEntries(Object.entries(value).filter(([name]) => !(name in names)));
  return { ...old, ...kept };
}

/** Accepts the old names of fields; the result has the new ones only. */
export const renamed = <S extends z.ZodType>(names: Readonly<Record<string, string>>, schema: S) =>
  z.preprocess((value) => renameFields(value, names), schema);

/** Accepts the old words of a field's value. */
export const renamedValue = <S extends z.ZodType>(
  words: Readonly<Record<string, string>>,
  schema: S,
) => z.preprocess((value) => (typeof value === 'string' ? (words[value] ?? value) : value), schema);

/** `rows.3: Invalid input: expected number, received string`. */
export function issueText(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'it has another shape than expected';
  const key = issue.path.map(String).join('.');
  return key === '' ? issue.message : `${key}: ${issue.message}`;
}

/** The format number of a document; 1 where it has none. */
export function formatOf(value: JsonObject): number {
  const { format } = value;
  return typeof format === 'number' ? format : 1;
}

interface Definition<S extends z.ZodObject> extends Facts {
  readonly schema: S;
  /**
   * Runs before validation: old names of top-level fields, or anything that a schema cannot say.
   */
  readonly upgrade?: (value: Record<string, unknown>) => unknown;
  readonly version?: number;
}

/**
 * Fields that the schema doesn't know are kept at the top level, because a file that is rewritten
 * must not lose what a later version of the same format added.
 */
export function defineFile<S extends z.ZodObject>(
  definition: Definition<S>,
): FileFormat<z.output<S>> {
  const { schema: known, upgrade, version = 1, ...facts } = definition;
  const schema = known.loose() as unknown as z.ZodType<z.output<S>>;
  const parse = (value: unknown, where = facts.name): Reading<z.output<S>> => {
    if (!isObject(value))
      return { ok: false, reason: 'invalid', problem: `${where} is not a JSON object` };
    const found = formatOf(value);
    if (found > version)
      return {
        ok: false,
        reason: 'newer_format',
        problem: `${where} has format ${found}; this version of Nightshift reads format ${version}`,
      };
    const parsed = schema.safeParse(upgrade === undefined ? value : upgrade(value));
    return parsed.success
      ? { ok: true, value: parsed.data }
      : { ok: false, reason: 'invalid', problem: `${where}: ${issueText(parsed.error)}` };
  };
  return {
    ...facts,
    kind: 'document',
    version,
    schema,
    parse,
    parseText(content, where = facts.name) {
      const value = parseJson(content);
      return value.ok
        ? parse(value.value, where)
        : { ok: false, reason: 'not_json', problem: `${where} is ${value.problem}` };
    },
    toJson: (value) => ({ format: version, ...value }),
  };
}

export function defineLines<S extends z.ZodType>(
  definition: Facts & { readonly schema: S },
): LineFormat<z.output<S>> {
  const schema = definition.schema as unknown as z.ZodType<z.output<S>>;
  const parse = (value: unknown): z.output<S> | null => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : null;
  };
  return {
    ...definition,
    kind: 'lines',
    schema,
    parse,
    parseLine(line) {
      const value = parseJson(line);
      return value.ok ? parse(value.value) : null;
    },
  };
}

/** `problem`: `empty`, or `not valid JSON (…)`. */
export function parseJson(
  content: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; problem: string } {
  if (content.trim() === '') return { ok: false, problem: 'empty' };
  try {
    return { ok: true, value: JSON.parse(content) as unknown };
  } catch (error) {
    return { ok: false, problem: `not valid JSON (${(error as Error).message})` };
  }
}

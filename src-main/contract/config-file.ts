/** Finds every fault in the text of a config.json, with its key and line. Pure. */
import { z } from 'zod';
import { plainIssue } from './config-controls.ts';
import { configSchema, describeKeys } from './config.ts';

export interface ConfigFault {
  /** Dotted; null: the file as a whole. */
  readonly key: string | null;
  /** From 1; null when the key is not in the text. */
  readonly line: number | null;
  readonly text: string;
}

export interface CheckedConfig {
  readonly faults: readonly ConfigFault[];
  /** How many keys the file sets. */
  readonly keys: number;
  /** The base model that it names, for a check of its folder. */
  readonly base: string;
}

const record = z.record(z.string(), z.unknown());

/** The line of a key; nested keys are found by their parts, one after another. */
function lineOfKey(text: string, key: string): number | null {
  const whole = text.indexOf(`"${key}"`);
  let at = 0;
  if (whole >= 0) at = whole;
  else
    for (const part of key.split('.')) {
      const found = text.indexOf(`"${part}"`, at);
      if (found < 0) return null;
      at = found;
    }
  return text.slice(0, at).split('\n').length;
}

/** From the parser's message, `position 12 (line 3 column 4)`; null when it names no place. */
function lineOfSyntax(text: string, message: string): number | null {
  const line = /line (\d+)/.exec(message)?.[1];
  if (line !== undefined) return Number(line);
  const position = /position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return text.slice(0, Number(position)).split('\n').length;
  return /end of JSON input/.test(message) ? text.split('\n').length : null;
}

/** Dotted names are allowed as well as nested ones. */
function nested(raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    const parts = name.split('.');
    let into = out;
    for (const part of parts.slice(0, -1)) {
      const inner = record.safeParse(into[part]);
      const next: Record<string, unknown> = inner.success ? { ...inner.data } : {};
      into[part] = next;
      into = next;
    }
    const last = parts.at(-1) ?? name;
    const before = record.safeParse(into[last]);
    const after = record.safeParse(value);
    into[last] = before.success && after.success ? { ...before.data, ...after.data } : value;
  }
  return out;
}

function countKeys(raw: unknown): number {
  const has = (dotted: string): boolean => {
    let at: unknown = raw;
    for (const part of dotted.split('.')) {
      const inner = record.safeParse(at);
      if (!inner.success || !(part in inner.data)) return false;
      at = inner.data[part];
    }
    return true;
  };
  return describeKeys().filter((describeKey) => has(describeKey.key)).length;
}

export function checkConfigText(text: string): CheckedConfig {
  const whole = (line: number | null, why: string): CheckedConfig => ({
    faults: [{ key: null, line, text: why }],
    keys: 0,
    base: '',
  });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return whole(lineOfSyntax(text, message), `not JSON: ${message}`);
  }
  const object = record.safeParse(raw);
  if (!object.success) return whole(1, 'not an object');
  const { format, ...rest } = object.data;
  if (typeof format === 'number' && format > 1)
    return whole(
      lineOfKey(text, 'format'),
      `written by a newer version (format ${String(format)}; this version reads format 1)`,
    );
  const content = nested(rest);
  const parsed = configSchema.safeParse(content);
  const faults = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue): ConfigFault[] => {
        const path = issue.path.map(String);
        const keys =
          issue.code === 'unrecognized_keys'
            ? issue.keys.map((name) => [...path, name].join('.'))
            : [path.join('.')];
        return keys.map((key) => ({
          key,
          line: lineOfKey(text, key),
          text: issue.code === 'unrecognized_keys' ? 'unknown setting' : plainIssue(issue),
        }));
      });
  const base = content['base_model'];
  return { faults, keys: countKeys(content), base: typeof base === 'string' ? base : '' };
}

/**
 * `config.json`: the user's differences from the factory values, nested in the file, dotted in
 * memory.
 */
import { z } from 'zod';
import {
  type Config,
  configSchema,
  describeKeys,
  factoryConfig,
  plainIssue,
} from '../contract/index.ts';
import {
  defineFile,
  formatOf,
  isObject,
  type JsonObject,
  parseJson,
  type Reading,
} from './document.ts';
import { formatNumber } from './fields.ts';

export const configFacts = {
  name: 'config.json',
  damaged: 'The last good values stay in force; nothing is written over the file',
  writer: 'engine, and the user',
  description: "The user's differences from the factory values",
} as const;

/** By dotted key. */
export type Differences = Readonly<Record<string, unknown>>;

const keys: ReadonlySet<string> = new Set(describeKeys().map(({ key }) => key));
const isSection = (dotted: string): boolean =>
  [...keys].some((key) => key.startsWith(`${dotted}.`));

/**
 * `{watchdog: {restart_limit: 5}}` to `{'watchdog.restart_limit': 5}`. Throws for an unknown key.
 */
export function flattenConfig(nested: JsonObject, prefix = ''): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(nested)) {
    const dotted = prefix + name;
    if (prefix === '' && name === 'format') continue;
    if (keys.has(dotted)) flat[dotted] = value;
    else if (isObject(value) && isSection(dotted))
      Object.assign(flat, flattenConfig(value, `${dotted}.`));
    else throw new Error(`There is no key ${dotted}.`);
  }
  return flat;
}

export function nestConfig(differences: Differences): Record<string, unknown> {
  const nested: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(differences)) {
    const parts = key.split('.');
    let section = nested;
    for (const part of parts.slice(0, -1))
      section = (section[part] ??= {}) as Record<string, unknown>;
    section[parts.at(-1) ?? key] = value;
  }
  return nested;
}

export function configValue(config: Config, key: string): unknown {
  let value: unknown = config;
  for (const part of key.split('.')) value = isObject(value) ? value[part] : undefined;
  return value;
}

/** The complete configuration. Throws with key and reason when a value isn't allowed. */
export function resolveConfig(differences: Differences): Config {
  const parsed = configSchema.safeParse(nestConfig(differences));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = issue?.path.join('.') ?? '';
  const reason = issue === undefined ? 'not allowed' : plainIssue(issue);
  throw new Error(`${key === '' ? 'The configuration' : key}: ${reason}.`);
}

/** Only what differs from the factory values. */
export function withoutFactoryValues(differences: Differences): Record<string, unknown> {
  const isSame = (key: string, value: unknown): boolean =>
    JSON.stringify(configValue(factoryConfig, key)) === JSON.stringify(value);
  return Object.fromEntries(
    Object.entries(differences).filter(([key, value]) => !isSame(key, value)),
  );
}

export interface ConfigDifferences {
  readonly differences: Differences;
  readonly values: Config;
}

/**
 * The user's file. Unlike other files it has no unknown fields: a key that doesn't exist is a typo.
 */
export function readConfigText(content: string, where = 'config.json'): Reading<ConfigDifferences> {
  const json = parseJson(content);
  if (!json.ok) return { ok: false, reason: 'not_json', problem: `${where} is ${json.problem}` };
  const { value } = json;
  if (!isObject(value))
    return { ok: false, reason: 'invalid', problem: `${where} is not an object` };
  const format = formatOf(value);
  if (format > 1)
    return {
      ok: false,
      reason: 'newer_format',
      problem: `${where} was written by a newer version (format ${format}; this version reads format 1)`,
    };
  try {
    const differences = withoutFactoryValues(flattenConfig(value));
    return { ok: true, value: { differences, values: resolveConfig(differences) } };
  } catch (error) {
    return { ok: false, reason: 'invalid', problem: `${where}: ${(error as Error).message}` };
  }
}

export const configToJson = (differences: Differences): JsonObject => ({
  format: 1,
  ...nestConfig(withoutFactoryValues(differences)),
});

export const stagedConfigFile = defineFile({
  name: 'staged-config.json',
  damaged: 'Last good copy, else nothing is staged',
  group: 'workspace',
  writer: 'engine',
  description: 'Changes that apply from the next dataset',
  schema: z.object({
    format: formatNumber,
    staged: z.record(z.string(), z.unknown()).describe('Values by dotted key'),
  }),
});

/** The user's differences from the factory values: nested in the file, dotted in memory. Pure. */
import {
  configSchema,
  type Config,
  describeKeys,
  factoryConfig,
  type KeyDescription,
  plainIssue,
} from '../../contract/index.ts';

export type Differences = Readonly<Record<string, unknown>>;

export const keys: ReadonlyMap<string, KeyDescription> = new Map(
  describeKeys().map((description) => [description.key, description]),
);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `{watchdog: {restart_limit: 5}}` -> `{'watchdog.restart_limit': 5}`. Throws with the name of a key that does not exist. */
export function flatten(nested: unknown, prefix = ''): Record<string, unknown> {
  if (!isRecord(nested))
    throw new Error(`${prefix === '' ? 'The file' : prefix} is not an object.`);
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(nested)) {
    const dotted = prefix + name;
    if (prefix === '' && name === 'format') continue;
    if (keys.has(dotted)) out[dotted] = value;
    else if (isRecord(value) && [...keys.keys()].some((key) => key.startsWith(`${dotted}.`)))
      Object.assign(out, flatten(value, `${dotted}.`));
    else throw new Error(`There is no key ${dotted}.`);
  }
  return out;
}

export function nest(differences: Differences): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(differences)) {
    const parts = key.split('.');
    let at = out;
    for (const part of parts.slice(0, -1)) at = (at[part] ??= {}) as Record<string, unknown>;
    at[parts.at(-1) ?? key] = value;
  }
  return out;
}

export function valueOf(config: Config, key: string): unknown {
  let at: unknown = config;
  for (const part of key.split('.')) at = isRecord(at) ? at[part] : undefined;
  return at;
}

/** The complete configuration. Throws with key and reason when a value is not allowed. */
export function resolve(differences: Differences): Config {
  const parsed = configSchema.safeParse(nest(differences));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = issue?.path.join('.') ?? '';
  const reason = issue === undefined ? 'it is not allowed' : plainIssue(issue);
  throw new Error(`${key === '' ? 'The configuration' : key}: ${reason}.`);
}

/** Only what differs from the factory. */
export function withoutFactory(differences: Differences): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(differences).filter(
      ([key, value]) => JSON.stringify(valueOf(factoryConfig, key)) !== JSON.stringify(value),
    ),
  );
}

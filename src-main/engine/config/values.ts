/** Settings by key: their descriptions, comparison, texts, and the configuration that differences give. */
import { type Config, describeKeys, type KeyDescription, Refusal } from '../../contract/index.ts';
import { type Differences, resolveConfig } from '../../formats/index.ts';

/** Every setting, by its key. */
export const keys: ReadonlyMap<string, KeyDescription> = new Map(
  describeKeys().map((description) => [description.key, description]),
);
export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
export const without = (values: Differences, key: string): Differences =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name !== key));

export const text = (value: unknown): string => JSON.stringify(value);

export function changeText(key: string, before: unknown, after: unknown): string {
  const isFirst = before === '';
  return isFirst
    ? `${key} set to ${text(after)}`
    : `${key} changed from ${text(before)} to ${text(after)}`;
}

/** Refusal NOT_FOUND for an unknown key. */
export function describe(key: string): KeyDescription {
  const description = keys.get(key);
  if (description !== undefined) return description;
  throw new Refusal('NOT_FOUND', `Unknown setting ${key}.`, { subject: key });
}

/** The whole configuration. Refusal INVALID, with `subject` as the key at fault. */
export function resolve(differences: Differences, subject: string | null): Config {
  try {
    return resolveConfig(differences);
  } catch (error) {
    throw new Refusal('INVALID', error instanceof Error ? error.message : String(error), {
      subject,
      next: 'See the help of the setting in Config, or `nightshift config show`.',
    });
  }
}

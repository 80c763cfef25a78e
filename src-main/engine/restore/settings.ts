/** The settings that follow the model, as its base and its branch do. */
import { type Config, describeKeys, Refusal, type RestorePlan } from '../../contract/index.ts';
import { configValue, isObject } from '../../formats/index.ts';
import type { Intent } from './intent.ts';
import type { RestoreOptions } from './types.ts';

/** They belong to this machine, or follow on their own. */
const NOT_OF_THE_MODEL: readonly string[] = ['base_model', 'model_name', 'device', 'world_size'];

export type SettingChanges = NonNullable<RestorePlan['settings']>;

/** Keys that change what is trained and differ. `then` may be of an earlier version. Pure. */
export function changedSettings(
  now: Config,
  then: Readonly<Record<string, unknown>> | null,
): SettingChanges {
  if (then === null) return [];
  return describeKeys()
    .filter(({ key, lock }) => lock === 'pass' && !NOT_OF_THE_MODEL.includes(key))
    .map(({ key }) => ({ key, now: configValue(now, key), then: valueAt(then, key) }))
    .filter((change) => change.then !== undefined && !isEqual(change.now, change.then));
}

/** Of a configuration that an earlier version may have written; undefined: it has no such key. */
function valueAt(config: Readonly<Record<string, unknown>>, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), config);
}

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A value that is no longer valid keeps the present one, and the journal says so. */
export async function followSettings(
  { config, journal }: Pick<RestoreOptions, 'config' | 'journal'>,
  { settings, title }: Intent,
): Promise<void> {
  for (const [key, value] of Object.entries(settings ?? {})) {
    if (isEqual(configValue(config.values(), key), value)) continue;
    try {
      await config.follow(key, value, title);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      journal.write({
        what: 'restore.setting',
        text: `${key} keeps its value: ${error.message}`,
        evidence: { key, value },
      });
    }
  }
}

/** Unsaved edits and the changes that they make. Pure except for the store. */
import { create } from 'zustand';
import {
  controlOf,
  describeKeys,
  problemOf,
  typedValue,
  type ConfigState,
  type KeyDescription,
} from '../../../src-main/contract/index.ts';

export const descriptions: readonly KeyDescription[] = describeKeys();
const controls = new Map(
  descriptions.map((description) => [description.key, controlOf(description.key)]),
);

export function controlFor(key: string): ReturnType<typeof controlOf> {
  return controls.get(key) ?? { kind: 'text' };
}

/** Typed texts by key. They survive a change of screen but not a reload. */
export const useEdits = create<{ readonly texts: Readonly<Record<string, string>> }>(() => ({
  texts: {},
}));

export function edit(key: string, text: string): void {
  useEdits.setState(({ texts }) => ({ texts: { ...texts, [key]: text } }));
}

export function forgetEdits(keys: readonly string[]): void {
  useEdits.setState(({ texts }) => ({
    texts: Object.fromEntries(Object.entries(texts).filter(([key]) => !keys.includes(key))),
  }));
}

/** `watchdog.restart_limit`: "Restart limit". */
export function titleOf(key: string): string {
  const words = (key.split('.').pop() ?? key).replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A value as it is shown in a field; small numbers as `2e-4`. */
export function textOf(value: unknown): string {
  if (typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-3)
    return value.toExponential().replace('e-0', 'e-');
  if (value === true) return 'on';
  if (value === false) return 'off';
  return String(value);
}

/** The same for a list of changes, where an empty value needs a word. */
export const shown = (value: unknown): string => (textOf(value) === '' ? '(empty)' : textOf(value));

export function valueAt(values: unknown, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>(
      (at, part) =>
        typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[part] : undefined,
      values,
    );
}

export interface Pending {
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
  /** Why it is invalid, or null. */
  readonly problem: string | null;
  /** It applies from the next dataset. */
  readonly staged: boolean;
  /** The consequence that has to be confirmed, or null. */
  readonly consent: string | null;
}

function parsed(key: string, text: string): unknown {
  const control = controlFor(key);
  return control.kind === 'switch' ? text === 'on' : typedValue(control, text);
}

/**
 * The changes that saving would make, in the order of the schema; a text that equals the current
 * value is none.
 */
export function pendingOf(
  texts: Readonly<Record<string, string>>,
  state: Pick<ConfigState, 'values' | 'locks' | 'staged'>,
): readonly Pending[] {
  return descriptions.flatMap(({ key, consent }) => {
    const text = texts[key];
    if (text === undefined) return [];
    const before = key in state.staged ? state.staged[key] : valueAt(state.values, key);
    const after = parsed(key, text);
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    return [
      { key, before, after, problem: problemOf(key, after), staged: key in state.locks, consent },
    ];
  });
}

/** Whether a setting matches the search. */
export function isFound(description: KeyDescription, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  return (
    wanted === '' ||
    [description.key, titleOf(description.key), description.help, description.group].some((text) =>
      text.toLowerCase().includes(wanted),
    )
  );
}

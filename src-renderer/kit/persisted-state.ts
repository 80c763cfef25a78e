/** A setting of the page that is kept in this browser. */
import { useCallback, useState } from 'react';

const PREFIX = 'nightshift.';

/** The value that is kept, for what is not drawn by React. An unreadable one counts as none. */
export function kept<T>(name: string, otherwise: T, valid: (value: unknown) => value is T): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return valid(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}

/** Like useState, and the value is there again the next time. An unreadable kept value counts as none. */
export function usePersistedState<T>(
  name: string,
  otherwise: T,
  valid: (value: unknown) => value is T,
): readonly [T, (value: T) => void] {
  const [value, setValue] = useState(() => kept(name, otherwise, valid));
  const set = useCallback(
    (next: T) => {
      setValue(next);
      try {
        localStorage.setItem(PREFIX + name, JSON.stringify(next));
      } catch {
        // A browser that keeps nothing forgets the setting; nothing else depends on it.
      }
    },
    [name],
  );
  return [value, set];
}

export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
export const isOneOf =
  <T extends string>(values: readonly T[]) =>
  (value: unknown): value is T =>
    values.some((entry) => entry === value);

/** UI settings persisted in this browser's localStorage. */
import { useCallback, useState } from 'react';

const PREFIX = 'nightshift.';

/** Reads a persisted value outside of React. An unreadable value counts as unset. */
export function persistedState<T>(
  name: string,
  otherwise: T,
  valid: (value: unknown) => value is T,
): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return valid(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}

/** Like useState, but the value survives a reload. An unreadable value counts as unset. */
export function usePersistedState<T>(
  name: string,
  otherwise: T,
  valid: (value: unknown) => value is T,
): readonly [T, (value: T) => void] {
  const [value, setValue] = useState(() => persistedState(name, otherwise, valid));
  const set = useCallback(
    (next: T) => {
      setValue(next);
      try {
        localStorage.setItem(PREFIX + name, JSON.stringify(next));
      } catch {
        // Storage is blocked or full: the setting lasts until the page is closed.
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

/** Keyboard navigation in a list of points: J, K, arrows, Home and End move; Enter opens. */
import type { KeyboardEvent } from 'react';

/** `index` is -1 when the selected point is in another list. null when the key doesn't move the selection. */
export function movedTo(key: string, index: number, length: number): number | null {
  if (length === 0) return null;
  const last = length - 1;
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return Math.min(last, index + 1);
    case 'ArrowUp':
    case 'k':
      return index === -1 ? last : Math.max(0, index - 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

export function listNavigation(
  keys: readonly string[],
  chosen: string | null,
  onChoose: (key: string) => void,
  onOpen: () => void,
) {
  return (event: KeyboardEvent<HTMLElement>): void => {
    const { target, currentTarget: list } = event;
    if (!(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    const isRow = target.dataset['key'] !== undefined;
    if (target !== list && !isRow) return;
    const index = chosen === null ? -1 : keys.indexOf(chosen);
    if (event.key === 'Enter' && index !== -1 && !(isRow && target.dataset['key'] !== chosen)) {
      event.preventDefault();
      onOpen();
      return;
    }
    const to = movedTo(event.key, index, keys.length);
    const next = to === null ? undefined : keys[to];
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next);
    const row = [...list.querySelectorAll<HTMLElement>('[data-key]')].find(
      (element) => element.dataset['key'] === next,
    );
    row?.scrollIntoView({ block: 'nearest' });
    if (isRow) row?.focus();
  };
}

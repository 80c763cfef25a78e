/** Keyboard shortcuts of the frame: combinations everywhere; single keys and G plus a letter outside text fields. */
import { useEffect } from 'react';
import {
  pageAct,
  screenTable,
  shortcuts,
  type ActName,
  type Screen,
} from '../../src-main/contract/index.ts';
import { useSingleKeyShortcuts } from '../kit/single-key-shortcuts.ts';
import { go } from './navigation.ts';

const CHORD_MS = 1200;
/** Keys that screens handle themselves; stopped here when single-key shortcuts are off. */
const SCREEN_KEYS = new Set(['j', 'k', 'h', 'r', '+', '=', '-', '0']);

export type FrameActions = Readonly<Record<ActName, () => void>>;

interface Combination {
  readonly act: ActName;
  readonly key: string;
  readonly shift: boolean;
}

/** `CmdOrCtrl+Shift+P` parsed into the fields of a keyboard event. */
const combinations: readonly Combination[] = shortcuts.flatMap(({ act, keys }) =>
  act === null
    ? []
    : keys.flatMap((keys) => {
        if (!keys.startsWith('CmdOrCtrl+')) return [];
        const parts = keys.split('+').slice(1);
        const last = (parts.at(-1) ?? '').toLowerCase();
        return [{ act, key: last === 'plus' ? '+' : last, shift: parts.includes('Shift') }];
      }),
);

/** Action of a key event; + needs Shift on many keyboards, so Shift is ignored for it. Pure. */
export function actionOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
): ActName | null {
  if (event.altKey) return null;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    const sign = key === '=' || key === '+';
    const found = combinations.find(
      (combination) =>
        (sign ? combination.key === '+' : combination.key === key) &&
        (sign || combination.shift === event.shiftKey),
    );
    return found?.act ?? null;
  }
  return (
    shortcuts.find(
      (shortcut) => shortcut.single && shortcut.act !== null && shortcut.keys.includes(event.key),
    )?.act ?? null
  );
}

const screenOfLetter = (key: string): Screen | null =>
  screenTable.find((screen) => screen.letter.toLowerCase() === key)?.id ?? null;

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    (target as HTMLInputElement).type !== 'checkbox' &&
    (target as HTMLInputElement).type !== 'radio'
  );
}

/** Single keys are ignored while a dialog is open. */
const isInDialog = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('[role=dialog]') !== null;

/** Actions of the native menu, which arrive as plain strings. */
export function isPageAction(value: string): value is (typeof pageAct.options)[number] {
  return pageAct.options.some((option) => option === value);
}

export function useFrameShortcuts(actions: FrameActions): void {
  useEffect(() => {
    let chordUntil = 0;
    const single = (event: KeyboardEvent): void => {
      const key = event.key.toLowerCase();
      const now = Date.now();
      const screen = now < chordUntil ? screenOfLetter(key) : null;
      chordUntil = key === 'g' ? now + CHORD_MS : 0;
      if (screen !== null) {
        event.preventDefault();
        event.stopPropagation();
        go(screen);
        return;
      }
      const action = actionOf(event);
      if (action === null) return;
      event.preventDefault();
      actions[action]();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey) {
        const action = actionOf(event);
        if (action === null) return;
        // Leave it to the browser where the page has no action of its own (zoom in a browser).
        if (actions[action] === noAction) return;
        event.preventDefault();
        actions[action]();
        return;
      }
      if (event.altKey || isTyping(event.target) || isInDialog(event.target)) return;
      if (useSingleKeyShortcuts.getState().on) single(event);
      else if (SCREEN_KEYS.has(event.key.toLowerCase())) event.stopPropagation();
    };
    // Capture phase: G then H opens a screen and must not reach the H shortcut of a queue row.
    addEventListener('keydown', onKey, { capture: true });
    return () => {
      removeEventListener('keydown', onKey, { capture: true });
    };
  }, [actions]);
}

/** Placeholder for an action that the host handles. */
export const noAction = (): void => undefined;

/** Focuses the search field of the current screen. */
export function focusSearch(): void {
  document.querySelector<HTMLInputElement>('main input[type=search]')?.focus();
}

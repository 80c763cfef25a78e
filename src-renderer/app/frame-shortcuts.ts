/** The keys of the frame, from the one table: combinations everywhere, single singleKeyShortcuts and G with a letter outside of text. */
import { useEffect } from 'react';
import {
  pageAction,
  screenTable,
  shortcuts,
  type ActionName,
  type Screen,
} from '../../src-main/contract/index.ts';
import { useSingleKeyShortcuts } from '../kit/single-key-shortcuts.ts';
import { go } from './navigation.ts';

const CHORD_MS = 1200;
/** Letters and signs that parts of screens listen for themselves; when single singleKeyShortcuts are off they never arrive there. */
const SCREEN_KEYS = new Set(['j', 'k', 'h', 'r', '+', '=', '-', '0']);

export type FrameActions = Readonly<Record<ActionName, () => void>>;

interface Combination {
  readonly act: ActionName;
  readonly key: string;
  readonly shift: boolean;
}

/** `CmdOrCtrl+Shift+P` as what a keyboard event says. */
const combinations: readonly Combination[] = shortcuts.flatMap(({ action: act, keys }) =>
  act === null
    ? []
    : keys.flatMap((keys) => {
        if (!keys.startsWith('CmdOrCtrl+')) return [];
        const parts = keys.split('+').slice(1);
        const last = (parts.at(-1) ?? '').toLowerCase();
        return [{ act, key: last === 'plus' ? '+' : last, shift: parts.includes('Shift') }];
      }),
);

/** The act of a key event; the sign + needs Shift on many keyboards. Pure. */
export function actionOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
): ActionName | null {
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
      (shortcut) =>
        shortcut.single && shortcut.action !== null && shortcut.keys.includes(event.key),
    )?.action ?? null
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

/** A dialog has the keyboard to itself; a letter does not change what lies under it. */
const isInDialog = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('[role=dialog]') !== null;

/** Acts that the page can be asked for from outside: what the native menu has. */
export function isPageAction(value: string): value is (typeof pageAction.options)[number] {
  return pageAction.options.some((option) => option === value);
}

export function useFrameShortcuts(acts: FrameActions): void {
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
      const act = actionOf(event);
      if (act === null) return;
      event.preventDefault();
      acts[act]();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey) {
        const act = actionOf(event);
        if (act === null) return;
        // What this page does not do itself (the size in a browser) stays the browser's.
        if (acts[act] === nothing) return;
        event.preventDefault();
        acts[act]();
        return;
      }
      if (event.altKey || isTyping(event.target) || isInDialog(event.target)) return;
      if (useSingleKeyShortcuts.getState().on) single(event);
      else if (SCREEN_KEYS.has(event.key.toLowerCase())) event.stopPropagation();
    };
    // Before the parts of a screen hear it: G then H is a screen, not the H of a queue row.
    addEventListener('keydown', onKey, { capture: true });
    return () => {
      removeEventListener('keydown', onKey, { capture: true });
    };
  }, [acts]);
}

/** An act that is left to the surroundings. */
export const nothing = (): void => undefined;

/** The search field of the screen that is shown. */
export function focusSearch(): void {
  document.querySelector<HTMLInputElement>('.main input[type=search]')?.focus();
}

/** Keys of the frame: G then D, A, Q, M, C, L go to a screen; Ctrl/Cmd Shift P pauses; Ctrl/Cmd . stops; Ctrl/Cmd O adds files; Ctrl/Cmd K opens the palette. */
import { useEffect } from 'react';
import { go, type ScreenName } from './navigation.ts';

const targets: Readonly<Record<string, ScreenName>> = {
  d: 'dashboard',
  a: 'data',
  q: 'queue',
  m: 'models',
  c: 'config',
  l: 'logs',
};
const CHORD_MS = 1200;

export interface FrameActs {
  readonly pauseOrResume: () => void;
  readonly stop: () => void;
  readonly addFiles: () => void;
  readonly palette: () => void;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    (target as HTMLInputElement).type !== 'checkbox' &&
    (target as HTMLInputElement).type !== 'radio'
  );
}

export function useFrameKeys(acts: FrameActs): void {
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent): void => {
      const key = event.key.toLowerCase();
      const command = event.ctrlKey || event.metaKey;
      if (command && event.shiftKey && key === 'p') act(event, acts.pauseOrResume);
      else if (command && key === '.') act(event, acts.stop);
      else if (command && key === 'o') act(event, acts.addFiles);
      else if (command && !event.shiftKey && key === 'k') act(event, acts.palette);
      else if (!command && !event.altKey && !isTyping(event.target)) {
        const now = Date.now();
        const target = targets[key];
        if (key === 'g') chordUntil = now + CHORD_MS;
        else if (target !== undefined && now < chordUntil) {
          chordUntil = 0;
          act(event, () => {
            go(target);
          });
        }
      }
    };
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('keydown', onKey);
    };
  }, [acts]);
}

function act(event: KeyboardEvent, what: () => void): void {
  event.preventDefault();
  what();
}

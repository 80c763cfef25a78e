/** Whether single singleKeyShortcuts and signs are shortcuts; kept in this browser. */
import { create } from 'zustand';

const NAME = 'nightshift.singleKeyShortcuts';

function kept(): boolean {
  try {
    return localStorage.getItem(NAME) !== 'off';
  } catch {
    return true;
  }
}

export const useLetters = create<{ readonly on: boolean }>(() => ({ on: kept() }));

export function setLetters(on: boolean): void {
  useLetters.setState({ on });
  try {
    localStorage.setItem(NAME, on ? 'on' : 'off');
  } catch {
    // A browser that keeps nothing forgets the choice with the page.
  }
}

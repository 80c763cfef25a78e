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

export const useSingleKeyShortcuts = create<{ readonly on: boolean }>(() => ({ on: kept() }));

export function setSingleKeyShortcuts(on: boolean): void {
  useSingleKeyShortcuts.setState({ on });
  try {
    localStorage.setItem(NAME, on ? 'on' : 'off');
  } catch {
    // A browser that keeps nothing forgets the choice with the page.
  }
}

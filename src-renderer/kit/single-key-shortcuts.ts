/** Whether single-key shortcuts are on, persisted in this browser. */
import { create } from 'zustand';

const NAME = 'nightshift.singleKeyShortcuts';
/** Key that earlier releases wrote. */
const OLD_NAME = 'nightshift.letters';

function storedChoice(): boolean {
  try {
    return (localStorage.getItem(NAME) ?? localStorage.getItem(OLD_NAME)) !== 'off';
  } catch {
    return true;
  }
}

export const useSingleKeyShortcuts = create<{ readonly on: boolean }>(() => ({
  on: storedChoice(),
}));

export function setSingleKeyShortcuts(on: boolean): void {
  useSingleKeyShortcuts.setState({ on });
  try {
    localStorage.setItem(NAME, on ? 'on' : 'off');
  } catch {
    // Storage is blocked or full: the choice lasts until the page is closed.
  }
}

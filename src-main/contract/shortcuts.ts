/**
 * The keys of the window: one table for the page, the palette, the list behind `?`, the native menu, and the help. Pure.
 */
import { screenTable } from './screens.ts';

export type ActName =
  | 'palette'
  | 'add_files'
  | 'pause_or_resume'
  | 'stop'
  | 'settings'
  | 'search'
  | 'shortcuts'
  | 'zoom_in'
  | 'zoom_out'
  | 'zoom_reset';

export interface Shortcut {
  /** What the page does for it; null: a part of a screen listens itself. */
  readonly act: ActName | null;
  readonly group: 'Everywhere' | 'Screens' | 'Lists' | 'Queue' | 'Charts';
  readonly text: string;
  /**
   * Alternatives, each a combination in the words of Electron's accelerators, `CmdOrCtrl+Shift+P`; a chord has a space, `G D`.
   */
  readonly keys: readonly string[];
  /** A single letter or sign: acts only outside of text, and not when single singleKeyShortcuts are turned off. */
  readonly single: boolean;
}

const everywhere = (
  act: ActName,
  text: string,
  keys: readonly string[],
  single = false,
): Shortcut => ({ act, group: 'Everywhere', text, keys, single });
const part = (
  group: Shortcut['group'],
  text: string,
  keys: readonly string[],
  single = false,
): Shortcut => ({ act: null, group, text, keys, single });

export const shortcuts: readonly Shortcut[] = [
  everywhere('palette', 'Commands: reaches everything by typing', ['CmdOrCtrl+K']),
  everywhere('add_files', 'Add files', ['CmdOrCtrl+O']),
  everywhere('pause_or_resume', 'Pause or resume', ['CmdOrCtrl+Shift+P']),
  everywhere('stop', 'Stop, with a choice of ways', ['CmdOrCtrl+.']),
  everywhere('settings', 'Settings', ['CmdOrCtrl+,']),
  everywhere('zoom_in', 'Larger', ['CmdOrCtrl+Plus']),
  everywhere('zoom_out', 'Smaller', ['CmdOrCtrl+-']),
  everywhere('zoom_reset', 'Size of the interface back to 100 %', ['CmdOrCtrl+0']),
  everywhere('search', 'Search in the screen', ['/'], true),
  everywhere('shortcuts', 'This list of keys', ['?'], true),
  ...screenTable.map(({ name, letter, number }): Shortcut => ({
    act: null,
    group: 'Screens',
    text: name,
    keys: [`G ${letter}`, ...(number === null ? [] : [`CmdOrCtrl+${String(number)}`])],
    single: true,
  })),
  part('Lists', 'Move down', ['J', 'Down'], true),
  part('Lists', 'Move up', ['K', 'Up'], true),
  part('Lists', 'Open', ['Enter']),
  part('Lists', 'Close, or clear a search', ['Esc']),
  part('Queue', 'Move the dataset up or down', ['Alt+Up', 'Alt+Down']),
  part('Queue', 'Move it between the priorities', ['Alt+Left', 'Alt+Right']),
  part('Queue', 'Hold, or let go', ['H'], true),
  part('Queue', 'Retry', ['R'], true),
  part('Queue', 'Remove', ['Delete']),
  part('Charts', 'Zoom in, out, back to all', ['+', '-', '0'], true),
  part('Charts', 'Crosshair one bucket left or right', ['Left', 'Right']),
];

const signs: Readonly<Record<string, string>> = {
  Plus: '+',
  '-': '−',
  Up: '↑',
  Down: '↓',
  Left: '←',
  Right: '→',
  Delete: 'Del',
};

/** `CmdOrCtrl+Shift+P` as it is read: `Ctrl Shift P`; `G D` is `G then D`. */
export function keysText(keys: string, mac = false): string {
  const entry = (key: string): string =>
    key === 'CmdOrCtrl' ? (mac ? 'Cmd' : 'Ctrl') : (signs[key] ?? key);
  const chord = keys.split(' ');
  if (chord.length > 1) return chord.map(entry).join(' then ');
  return (keys === '+' ? ['+'] : keys.split('+')).map(entry).join(' ');
}

/** The first combination of an act, for buttons and menus. Throws when the table has none. */
export function keysOf(act: ActName): string {
  const [first] = shortcuts.find((shortcut) => shortcut.act === act)?.keys ?? [];
  if (first === undefined) throw new Error(`the table of keys has nothing for ${act}`);
  return first;
}

/**
 * Keyboard shortcuts and mouse gestures, for the page, the command palette, the shortcut list, the
 * menu and the help. Pure.
 */
import { screenTable } from './screens.ts';

export type ActionName =
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
  /** The action of the page; null if a part of a screen handles the keys itself. */
  readonly action: ActionName | null;
  readonly group: 'Everywhere' | 'Screens' | 'Lists' | 'Queue' | 'Charts';
  readonly text: string;
  /**
   * Alternatives, each an Electron accelerator such as `CmdOrCtrl+Shift+P`, a sequence with a space
   * (`G D`), or a gesture: `Shift+Drag`.
   */
  readonly keys: readonly string[];
  /** A single-key shortcut: ignored in text fields, and can be turned off in the settings. */
  readonly single: boolean;
}

const everywhere = (
  action: ActionName,
  text: string,
  keys: readonly string[],
  single = false,
): Shortcut => ({ action, group: 'Everywhere', text, keys, single });
const focused = (
  group: Shortcut['group'],
  text: string,
  keys: readonly string[],
  single = false,
): Shortcut => ({ action: null, group, text, keys, single });

export const shortcuts: readonly Shortcut[] = [
  everywhere('palette', 'Command palette', ['CmdOrCtrl+K']),
  everywhere('add_files', 'Add files', ['CmdOrCtrl+O']),
  everywhere('pause_or_resume', 'Pause or resume', ['CmdOrCtrl+Shift+P']),
  everywhere('stop', 'Stop…', ['CmdOrCtrl+.']),
  everywhere('settings', 'Settings', ['CmdOrCtrl+,']),
  everywhere('zoom_in', 'Zoom in', ['CmdOrCtrl+Plus']),
  everywhere('zoom_out', 'Zoom out', ['CmdOrCtrl+-']),
  everywhere('zoom_reset', 'Reset zoom', ['CmdOrCtrl+0']),
  everywhere('search', 'Search this screen', ['/'], true),
  everywhere('shortcuts', 'Keyboard shortcuts', ['?'], true),
  ...screenTable.map(({ name, letter, number }): Shortcut => ({
    action: null,
    group: 'Screens',
    text: name,
    keys: [`G ${letter}`, ...(number === null ? [] : [`CmdOrCtrl+${String(number)}`])],
    single: true,
  })),
  focused('Lists', 'Move down', ['J', 'Down'], true),
  focused('Lists', 'Move up', ['K', 'Up'], true),
  focused('Lists', 'Open', ['Enter']),
  focused('Lists', 'Close, or clear the search', ['Esc']),
  focused('Queue', 'Move the dataset up or down', ['Alt+Up', 'Alt+Down']),
  focused('Queue', 'Raise or lower its priority', ['Alt+Left', 'Alt+Right']),
  focused('Queue', 'Move it to another place or priority', ['Drag']),
  focused('Queue', 'Hold or release', ['H'], true),
  focused('Queue', 'Retry', ['R'], true),
  focused('Queue', 'Remove', ['Delete']),
  focused('Charts', 'Zoom in, zoom out, reset zoom', ['+', '-', '0'], true),
  focused('Charts', 'Move the crosshair', ['Left', 'Right']),
  focused('Charts', 'Zoom in on a range', ['Drag']),
  focused('Charts', 'Pan', ['Shift+Drag']),
  focused('Charts', 'Zoom at the pointer', ['Ctrl+Wheel']),
  focused('Charts', 'Show the whole range', ['Double-click']),
];

const keyNames: Readonly<Record<string, string>> = {
  Plus: '+',
  '-': '−',
  Up: '↑',
  Down: '↓',
  Left: '←',
  Right: '→',
  Delete: 'Del',
};

/** The keys as displayed: `CmdOrCtrl+Shift+P` as `Ctrl Shift P`, `G D` as `G then D`. */
export function keysText(keys: string, mac = false): string {
  const keyName = (key: string): string =>
    key === 'CmdOrCtrl' ? (mac ? 'Cmd' : 'Ctrl') : (keyNames[key] ?? key);
  const sequence = keys.split(' ');
  if (sequence.length > 1) return sequence.map(keyName).join(' then ');
  return (keys === '+' ? ['+'] : keys.split('+')).map(keyName).join(' ');
}

/** The first alternative for an action, for buttons and menus. Throws if there is none. */
export function keysOf(action: ActionName): string {
  const [first] = shortcuts.find((shortcut) => shortcut.action === action)?.keys ?? [];
  if (first === undefined) throw new Error(`no shortcut is defined for ${action}`);
  return first;
}

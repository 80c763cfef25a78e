/**
 * The screens of the window in navigation order, for navigation, shortcuts, palette, menu and
 * notices. Pure.
 */
import { z } from 'zod';

export const screen = z.enum([
  'dashboard',
  'data',
  'queue',
  'models',
  'playground',
  'config',
  'health',
  'logs',
  'settings',
  'help',
]);
export type Screen = z.infer<typeof screen>;

export interface ScreenFacts {
  readonly id: Screen;
  readonly name: string;
  /** Pressed after G to open the screen. */
  readonly letter: string;
  /**
   * Pressed with Ctrl in the desktop window; null for none. Numbers are not reassigned when a
   * screen is removed.
   */
  readonly number: number | null;
}

export const screenTable: readonly ScreenFacts[] = [
  { id: 'dashboard', name: 'Dashboard', letter: 'D', number: 1 },
  { id: 'data', name: 'Data', letter: 'A', number: 2 },
  { id: 'queue', name: 'Queue', letter: 'Q', number: 3 },
  { id: 'models', name: 'Models', letter: 'M', number: 4 },
  { id: 'playground', name: 'Playground', letter: 'P', number: 5 },
  { id: 'config', name: 'Config', letter: 'C', number: 6 },
  { id: 'health', name: 'Health', letter: 'H', number: 7 },
  { id: 'logs', name: 'Logs', letter: 'L', number: 8 },
  { id: 'settings', name: 'Settings', letter: 'S', number: null },
  { id: 'help', name: 'Help', letter: 'E', number: null },
];

export const screenName = (id: Screen): string =>
  screenTable.find((screen) => screen.id === id)?.name ?? id;

/**
 * The user's preferences for this desktop, changed from the page and the menu and saved in the
 * settings file.
 */
import {
  desktopSettings,
  desktopSettingsChange,
  nextZoom,
  type DesktopSettings,
  type DesktopSettingsChange,
} from '../contract/host.ts';
import type { Login } from './login.ts';
import type { Settings } from './settings.ts';

export interface Preferences {
  get(): DesktopSettings;
  /** Throws, without saving anything, if the change is invalid or the system refuses it. */
  change(change: DesktopSettingsChange): DesktopSettings;
  /** One step in (1) or out (-1), or back to 100 % (0). */
  zoom(direction: 1 | -1 | 0): void;
}

export function createPreferences(options: {
  readonly settings: Settings;
  readonly login: Login;
  readonly onChange: (preferences: DesktopSettings) => void;
}): Preferences {
  const get = (): DesktopSettings => ({
    ...options.settings.get('preferences'),
    startAtLogin: options.login.get(),
  });
  const change = (input: DesktopSettingsChange): DesktopSettings => {
    const checked = desktopSettingsChange.parse(input);
    if (checked.startAtLogin !== undefined && checked.startAtLogin !== options.login.get())
      options.login.set(checked.startAtLogin);
    const given = Object.fromEntries(
      Object.entries(checked).filter(([, value]) => value !== undefined),
    );
    const { startAtLogin: _storedBySystem, ...stored } = desktopSettings.parse({
      ...get(),
      ...given,
    });
    options.settings.set('preferences', stored);
    const preferences = get();
    options.onChange(preferences);
    return preferences;
  };
  return {
    get,
    change,
    zoom(direction) {
      change({ zoom: nextZoom(get().zoom, direction) });
    },
  };
}

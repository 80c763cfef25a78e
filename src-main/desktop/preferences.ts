/** The user's taste on this desktop: read and changed from the page and the menu, kept in the settings file, told to who listens. */
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
  /** Throws when the change is none, or when the system refuses it; nothing is kept then. */
  change(change: DesktopSettingsChange): DesktopSettings;
  /** One step larger (1) or smaller (-1), or back to 100 % (0). */
  zoom(way: 1 | -1 | 0): void;
}

export function createTastes(options: {
  readonly settings: Settings;
  readonly login: Login;
  readonly changed: (now: DesktopSettings) => void;
}): Preferences {
  const get = (): DesktopSettings => ({
    ...options.settings.get('preferences'),
    startAtLogin: options.login.get(),
  });
  const change = (asked: DesktopSettingsChange): DesktopSettings => {
    const checked = desktopSettingsChange.parse(asked);
    if (checked.startAtLogin !== undefined && checked.startAtLogin !== options.login.get())
      options.login.set(checked.startAtLogin);
    const given = Object.fromEntries(
      Object.entries(checked).filter(([, value]) => value !== undefined),
    );
    const { startAtLogin: _system, ...kept } = desktopSettings.parse({ ...get(), ...given });
    options.settings.set('preferences', kept);
    const now = get();
    options.changed(now);
    return now;
  };
  return {
    get,
    change,
    zoom(way) {
      change({ zoom: nextZoom(get().zoom, way) });
    },
  };
}

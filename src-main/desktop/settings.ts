/** Settings that the desktop saves between starts. Training state belongs to the engine. */
import Store from 'electron-store';
import type { DesktopSettings } from '../contract/host.ts';
import type { NoticeMemory } from './fresh-notices.ts';

export interface WindowBounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly maximized: boolean;
}

/** The engine that this application started; quitting only ends this one. */
export interface StartedEngine {
  readonly workspace: string;
  readonly pid: number;
}

interface StoredSettings {
  /** True until the window is closed for the first time and a notification explains the tray. */
  readonly firstRun: boolean;
  readonly bounds: WindowBounds | null;
  readonly recentWorkspaces: readonly string[];
  /** By workspace: the newest notices that were shown. */
  readonly notices: Readonly<Record<string, NoticeMemory>>;
  readonly startedEngine: StartedEngine | null;
  /** Without startAtLogin, which is read from the operating system. */
  readonly preferences: Omit<DesktopSettings, 'startAtLogin'>;
}

export interface Settings {
  get<K extends keyof StoredSettings>(name: K): StoredSettings[K];
  set<K extends keyof StoredSettings>(name: K, value: StoredSettings[K]): void;
}

const DEFAULTS: StoredSettings = {
  firstRun: true,
  bounds: null,
  recentWorkspaces: [],
  notices: {},
  startedEngine: null,
  preferences: { zoom: 100, silenced: [], keepAwake: true },
};

export function openSettings(): Settings {
  // An unreadable settings file is reset, so that it can't prevent a start.
  const store = new Store<Record<string, unknown>>({
    name: 'settings',
    defaults: { ...DEFAULTS },
    clearInvalidConfig: true,
    // Workspace paths are used as keys and contain dots.
    accessPropertiesByDotNotation: false,
  });
  return {
    get: <K extends keyof StoredSettings>(name: K) => store.get(name) as StoredSettings[K],
    set: (name, value) => {
      store.set(name, value);
    },
  };
}

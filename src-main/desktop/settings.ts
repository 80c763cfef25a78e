/** What this window remembers between two starts. Nothing of the training: that is the engine's. */
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

/** An engine that this desktop has started: the only one that it ends when it quits. */
export interface StartedEngine {
  readonly workspace: string;
  readonly pid: number;
}

interface Remembered {
  /** Until the window was closed for the first time, and where it went was told. */
  readonly firstRun: boolean;
  readonly bounds: WindowBounds | null;
  readonly recentWorkspaces: readonly string[];
  /** By workspace: the newest notice that was shown. */
  readonly notices: Readonly<Record<string, NoticeMemory>>;
  readonly startedEngine: StartedEngine | null;
  /** What the system keeps itself, starting at login, is asked of it. */
  readonly preferences: Omit<DesktopSettings, 'startAtLogin'>;
}

export interface Settings {
  get<K extends keyof Remembered>(name: K): Remembered[K];
  set<K extends keyof Remembered>(name: K, value: Remembered[K]): void;
}

const factory: Remembered = {
  firstRun: true,
  bounds: null,
  recentWorkspaces: [],
  notices: {},
  startedEngine: null,
  preferences: { zoom: 100, silenced: [], keepAwake: true },
};

export function openSettings(): Settings {
  // A settings file that cannot be read is begun anew: it holds nothing that is worth not starting for.
  const store = new Store<Record<string, unknown>>({
    name: 'settings',
    defaults: { ...factory },
    clearInvalidConfig: true,
    // Keys are set whole; a workspace's path has dots in it.
    accessPropertiesByDotNotation: false,
  });
  return {
    get: <K extends keyof Remembered>(name: K) => store.get(name) as Remembered[K],
    set: (name, value) => {
      store.set(name, value);
    },
  };
}

/**
 * Host: what the surroundings of the page can do, a browser or the desktop window.
 * Promises: screens ask for a capability and get the same answer shape on both.
 * Never: knows datasets, talks to the engine, or tells a screen which surroundings it runs in.
 */
import { createContext, useContext } from 'react';
import type { DesktopSettings, DesktopSettingsChange } from '../../src-main/contract/index.ts';

/** Files that somebody dropped or chose: by path where the engine can read them itself, else the bytes. */
export type Chosen =
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  | { readonly kind: 'files'; readonly files: readonly File[]; readonly excludedRows: number };

/** What the surroundings remember of the user's taste, beside what the page keeps itself. */
export interface HostTastes {
  get(): Promise<DesktopSettings>;
  /** Answers what holds after it; rejects with a sentence when the system refuses. */
  change(change: DesktopSettingsChange): Promise<DesktopSettings>;
  onChange(listener: (now: DesktopSettings) => void): () => void;
}

export interface Host {
  readonly capabilities: {
    /** Dropped files have paths that the engine can read: they are named, not uploaded. */
    readonly nativePaths: boolean;
    /** A folder of this machine can be named, for a base model. */
    readonly chooseFolderPath: boolean;
    /** Notifications are shown by the surroundings; the page shows none of its own. */
    readonly notifications: boolean;
  };
  /** A WebSocket to the engine that is being opened. Rejects when no engine is there. */
  openSocket(): Promise<WebSocket>;
  /** What a drop holds; must be called inside the drop event. */
  dropped(transfer: DataTransfer): Promise<Chosen>;
  chooseFiles(): Promise<Chosen>;
  chooseFolder(): Promise<Chosen>;
  /** The path of a chosen folder, null when none was chosen or paths are not to be had. */
  chooseFolderPath(): Promise<string | null>;
  /** Size, notifications, starting at login, keeping awake; null where the surroundings have none of it. */
  readonly preferences: HostTastes | null;
  /** Somebody outside the page asks for an act of the frame. */
  onAct(listener: (act: string) => void): () => void;
  /** Somebody outside the page asks for a screen. */
  onOpen(listener: (screen: string) => void): () => void;
  /** The engine is another one, or there again. */
  onConnection(listener: () => void): () => void;
}

const HostContext = createContext<Host | null>(null);
export const HostProvider = HostContext.Provider;

export function useHost(): Host {
  const host = useContext(HostContext);
  if (host === null) throw new Error('useHost outside of HostProvider');
  return host;
}

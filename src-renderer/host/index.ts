/**
 * Host: what the environment of the page provides, a browser or the desktop window.
 * Promises: screens use a capability the same way in both.
 * Never: knows about datasets, talks to the engine, or tells a screen which environment it runs in.
 */
import { createContext, useContext } from 'react';
import type {
  DesktopSettings,
  DesktopSettingsChange,
  StartProblem,
} from '../../src-main/contract/index.ts';

/** Dropped or chosen files: paths where the engine can read them itself, otherwise their bytes. */
export type Chosen =
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  | { readonly kind: 'files'; readonly files: readonly File[]; readonly ignored: number };

/** Preferences that the host stores; the page persists the others itself. */
export interface HostPreferences {
  get(): Promise<DesktopSettings>;
  /** Resolves to the new settings; rejects with a readable message when the system refuses. */
  change(change: DesktopSettingsChange): Promise<DesktopSettings>;
  onChange(listener: (now: DesktopSettings) => void): () => void;
}

export interface Host {
  readonly capabilities: {
    /** Dropped files have paths that the engine can read, so they aren't uploaded. */
    readonly nativePaths: boolean;
    /** A folder on this machine can be chosen, for a base model. */
    readonly chooseFolderPath: boolean;
    /** The host shows notifications; the page shows none of its own. */
    readonly notifications: boolean;
  };
  /** Why no engine is running; called at once, and with every change. */
  onStartProblem(listener: (problem: StartProblem | null) => void): () => void;
  /** Opens a WebSocket to the engine. Rejects when no engine is running. */
  openSocket(): Promise<WebSocket>;
  /** Contents of a drop; must be called inside the drop event. */
  dropped(transfer: DataTransfer): Promise<Chosen>;
  chooseFiles(): Promise<Chosen>;
  chooseFolder(): Promise<Chosen>;
  /** Path of a chosen folder; null when none was chosen or the host has no paths. */
  chooseFolderPath(): Promise<string | null>;
  /** Shows a folder of the workspace in the system's file manager; null in a browser. */
  readonly openFolder: ((path: string) => Promise<void>) | null;
  /** Opens another workspace; resolves to what is wrong with the folder, null when it is being opened. null in a browser. */
  readonly openWorkspace: ((path: string) => Promise<string | null>) | null;
  /** Zoom, notifications, start at login, keep awake; null in a browser. */
  readonly preferences: HostPreferences | null;
  /** The native menu triggered an action of the frame. */
  onAct(listener: (act: string) => void): () => void;
  /** The tray or a notification opened a screen. */
  onOpen(listener: (screen: string) => void): () => void;
  /** The engine was restarted or is reachable again. */
  onConnection(listener: () => void): () => void;
}

const HostContext = createContext<Host | null>(null);
export const HostProvider = HostContext.Provider;

export function useHost(): Host {
  const host = useContext(HostContext);
  if (host === null) throw new Error('useHost outside of HostProvider');
  return host;
}

/**
 * What the desktop application offers to the page, as `window.nightshift`. Missing in a browser, so
 * screens check for the capability they need.
 */
import { z } from 'zod';
import type { noticeKind } from './notices.ts';

/**
 * Kinds of notices that can be shown as desktop notifications, in the order of the settings screen.
 */
export const notifiableKinds = [
  'gave_up',
  'crash_recovered',
  'hang',
  'out_of_memory',
  'disk',
  'dataset_failed',
  'needs_decision',
  'dataset_done',
  'queue_empty',
] as const satisfies readonly z.infer<typeof noticeKind>[];
export type NotifiableKind = (typeof notifiableKinds)[number];

export const zoomSteps = [80, 90, 100, 110, 125, 150, 175, 200] as const;

/** The next zoom step in percent: in (1), out (-1), or back to 100 (0). Pure. */
export function nextZoom(zoom: number, direction: 1 | -1 | 0): number {
  if (direction === 0) return 100;
  const next =
    direction === 1
      ? zoomSteps.find((step) => step > zoom)
      : zoomSteps.findLast((step) => step < zoom);
  return next ?? zoom;
}

/** The user's preferences on this desktop. */
export const desktopSettings = z.object({
  /** Zoom of the page in percent. */
  zoom: z.number().int().min(80).max(200),
  /** Kinds without a desktop notification; they are still shown in the window. */
  silenced: z.array(z.enum(notifiableKinds)),
  keepAwake: z.boolean(),
  startAtLogin: z.boolean(),
});
export type DesktopSettings = z.infer<typeof desktopSettings>;
export const desktopSettingsChange = desktopSettings.partial().strict();
export type DesktopSettingsChange = z.infer<typeof desktopSettingsChange>;

/** Menu items that the page carries out. */
export const pageAction = z.enum(['palette', 'add_files', 'pause_or_resume', 'stop', 'shortcuts']);
export type PageAction = z.infer<typeof pageAction>;

/** Why no engine is running for the workspace. */
export interface StartProblem {
  /** The engine's own sentences: what is wrong, and what to do. */
  readonly text: string;
  readonly workspace: string;
  readonly log: string;
}

export interface NightshiftBridge {
  /** Null while an engine is running or being started for the first time. */
  startProblem(): Promise<StartProblem | null>;
  onStartProblem(listener: (problem: StartProblem | null) => void): () => void;
  /**
   * Waits for an engine. `url`: its WebSocket; `ticket`: one-time, sent as subprotocol
   * `nightshift.ticket.<ticket>`.
   */
  connection(): Promise<{ readonly url: string; readonly ticket: string }>;
  /** The path of a dropped or selected file; '' for a file created by the page. */
  pathOf(file: File): string;
  /** Shows the system's open dialog; empty if it was canceled. */
  chooseFiles(): Promise<readonly string[]>;
  chooseFolder(): Promise<string | null>;
  /** Shows a folder of the workspace in the system's file manager; rejects for any other path. */
  openFolder(path: string): Promise<void>;
  /**
   * Opens another workspace, which is created if it doesn't exist: the application restarts with it. Resolves to what is
   * wrong with the folder, or null.
   */
  openWorkspace(path: string): Promise<string | null>;
  /**
   * A notification or the menu opens a screen. This and the other listeners return a function that
   * unsubscribes.
   */
  onOpen(listener: (screen: string) => void): () => void;
  onAction(listener: (action: PageAction) => void): () => void;
  /** The engine was started or replaced; the page must reconnect. */
  onConnection(listener: () => void): () => void;
  settings(): Promise<DesktopSettings>;
  /** Resolves to the resulting settings; rejects with a readable message if the system refuses. */
  changeSettings(change: DesktopSettingsChange): Promise<DesktopSettings>;
  /** Settings were changed by the menu. */
  onSettings(listener: (settings: DesktopSettings) => void): () => void;
  readonly platform: string;
}

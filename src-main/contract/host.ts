/**
 * What only a desktop can do for the page. The preload puts it at `window.nightshift`; a browser has none of it, and screens ask for
 * the capability, never for Electron.
 */
import { z } from 'zod';
import type { noticeKind } from './notices.ts';

/** Kinds of notices that may become notifications of the system, in the order in which they are offered. */
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

/** One step larger (1) or smaller (-1), or back to 100 % (0). Pure. */
export function nextZoom(zoom: number, way: 1 | -1 | 0): number {
  if (way === 0) return 100;
  const next =
    way === 1 ? zoomSteps.find((step) => step > zoom) : zoomSteps.findLast((step) => step < zoom);
  return next ?? zoom;
}

/** What this desktop remembers of the user's taste. */
export const desktopSettings = z.object({
  /** Size of the interface in per cent. */
  zoom: z.number().int().min(80).max(200),
  /** Kinds that are not shown by the system; they stay in the window. */
  silenced: z.array(z.enum(notifiableKinds)),
  keepAwake: z.boolean(),
  startAtLogin: z.boolean(),
});
export type DesktopSettings = z.infer<typeof desktopSettings>;
export const desktopSettingsChange = desktopSettings.partial().strict();
export type DesktopSettingsChange = z.infer<typeof desktopSettingsChange>;

/** What the menu of the desktop asks of the page. */
export const pageAct = z.enum(['palette', 'add_files', 'pause_or_resume', 'stop', 'shortcuts']);
export type PageAct = z.infer<typeof pageAct>;

export interface NightshiftBridge {
  /** Waits until an engine is attached. `url`: its WebSocket, `ticket`: good once, as subprotocol `nightshift.ticket.<ticket>`. */
  connection(): Promise<{ readonly url: string; readonly ticket: string }>;
  /** The path of a dropped or chosen file on this machine; '' for one that was made in the page. */
  pathOf(file: File): string;
  /** Paths from the system's dialog; empty when it was closed. */
  chooseFiles(): Promise<readonly string[]>;
  chooseFolder(): Promise<string | null>;
  /** Asked from outside the page (a notification, the menu) to show a screen. Answers how to stop listening. */
  onOpen(listener: (screen: string) => void): () => void;
  /** An item of the menu that the page does. */
  onAct(listener: (act: PageAct) => void): () => void;
  /** The engine is another one than before, or is there again: connect anew. */
  onConnection(listener: () => void): () => void;
  settings(): Promise<DesktopSettings>;
  /** Answers what holds after it; rejects with a sentence when the system refuses. */
  changeSettings(change: DesktopSettingsChange): Promise<DesktopSettings>;
  /** They were changed elsewhere, by the menu. */
  onSettings(listener: (settings: DesktopSettings) => void): () => void;
  readonly platform: string;
}

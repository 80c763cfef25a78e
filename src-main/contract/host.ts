/**
 * What only a desktop can do for the page. The preload puts it at `window.nightshift`; a browser has none of it, and screens ask for
 * the capability, never for Electron.
 */
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
  /** The engine is another one than before, or is there again: connect anew. */
  onConnection(listener: () => void): () => void;
  readonly platform: string;
}

/** Desktop notifications about the application itself; all others are notices of the engine. Pure. */
import type { Announcement } from './fresh-notices.ts';

export const engineStartFailing = (problem: string): Announcement => ({
  title: 'The engine failed to start',
  body: `${problem.replace(/\.?$/, '.')} Nightshift keeps retrying. A running trainer is not affected.`,
  opens: 'dashboard',
});

export const engineRestarted = (cause: string, afterMs: number): Announcement => ({
  title: `The engine was restarted in ${(afterMs / 1000).toFixed(1)}\u00a0s`,
  body: `It ended unexpectedly (${cause}). Training was not affected.`,
  opens: 'dashboard',
});

export const commandFailed = (name: string, error: unknown): Announcement => ({
  title: `${name} failed`,
  body: error instanceof Error ? error.message : String(error),
  opens: 'dashboard',
});

export const stillRunning: Announcement = {
  title: 'Nightshift is still running',
  body: 'Training continues in the background. Use the tray icon to open the window or quit.',
  opens: 'dashboard',
};

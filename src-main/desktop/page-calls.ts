/** What the page may ask of the main process, and nothing else. */
import { dialog, ipcMain, type BrowserWindow, type IpcMainInvokeEvent } from 'electron';
import type { DesktopSettings, DesktopSettingsChange } from '../contract/host.ts';
import { PAGE } from './scheme.ts';

export interface PageCalls {
  readonly window: () => BrowserWindow | null;
  readonly ticket: () => Promise<{ readonly url: string; readonly ticket: string }>;
  readonly settings: () => DesktopSettings;
  readonly changeSettings: (change: DesktopSettingsChange) => DesktopSettings;
}

export function answerPage(calls: PageCalls): void {
  const handle = (channel: string, answer: (value: unknown) => Promise<unknown>): void => {
    ipcMain.handle(channel, (event, value: unknown) => {
      if (!isOurPage(event)) throw new Error('Only the page of Nightshift is answered.');
      return answer(value);
    });
  };
  handle('nightshift:connection', calls.ticket);
  handle('nightshift:choose-files', () => choosePaths(calls.window(), 'files'));
  handle('nightshift:settings', () => Promise.resolve(calls.settings()));
  // What comes from a page is checked against its schema where it is kept.
  handle('nightshift:change-settings', (change) =>
    Promise.resolve().then(() => calls.changeSettings(change as DesktopSettingsChange)),
  );
  handle('nightshift:choose-folder', async () => {
    const [folder] = await choosePaths(calls.window(), 'folder');
    return folder ?? null;
  });
}

/** Only the top frame of our own page; a frame that is gone by now is nobody. */
function isOurPage(event: IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame;
  return frame !== null && frame.parent === null && frame.url.startsWith(PAGE);
}

const datasets = { name: 'Datasets', extensions: ['jsonl', 'json', 'csv', 'parquet', 'gz', 'zst'] };

/** The system's dialog; empty when it was closed. */
export async function choosePaths(
  window: BrowserWindow | null,
  what: 'files' | 'folder',
): Promise<readonly string[]> {
  const options: Electron.OpenDialogOptions =
    what === 'files'
      ? {
          properties: ['openFile', 'multiSelections'],
          filters: [datasets, { name: 'All files', extensions: ['*'] }],
        }
      : { properties: ['openDirectory', 'createDirectory'] };
  const answer = await (window === null
    ? dialog.showOpenDialog(options)
    : dialog.showOpenDialog(window, options));
  return answer.canceled ? [] : answer.filePaths;
}

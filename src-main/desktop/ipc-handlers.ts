/** The calls that the page may make to the main process. */
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { dialog, ipcMain, shell, type BrowserWindow, type IpcMainInvokeEvent } from 'electron';
import type { DesktopSettings, DesktopSettingsChange, StartProblem } from '../contract/host.ts';
import { PAGE } from './scheme.ts';

export interface PageCalls {
  readonly workspace: string;
  readonly window: () => BrowserWindow | null;
  readonly ticket: () => Promise<{ readonly url: string; readonly ticket: string }>;
  readonly startProblem: () => StartProblem | null;
  readonly settings: () => DesktopSettings;
  readonly changeSettings: (change: DesktopSettingsChange) => DesktopSettings;
  readonly openWorkspace: (folder: unknown) => Promise<string | null>;
}

export function answerPage(calls: PageCalls): void {
  const handle = (channel: string, answer: (value: unknown) => Promise<unknown>): void => {
    ipcMain.handle(channel, (event, value: unknown) => {
      if (!isOurPage(event)) throw new Error('Only the Nightshift page may call the main process.');
      return answer(value);
    });
  };
  handle('nightshift:connection', calls.ticket);
  handle('nightshift:start-problem', () => Promise.resolve(calls.startProblem()));
  handle('nightshift:choose-files', () => choosePaths(calls.window(), 'files'));
  handle('nightshift:settings', () => Promise.resolve(calls.settings()));
  // preferences.change validates the untrusted input.
  handle('nightshift:change-settings', (change) =>
    Promise.resolve().then(() => calls.changeSettings(change as DesktopSettingsChange)),
  );
  handle('nightshift:choose-folder', async () => {
    const [folder] = await choosePaths(calls.window(), 'folder');
    return folder ?? null;
  });
  handle('nightshift:open-workspace', calls.openWorkspace);
  handle('nightshift:open-folder', async (folder) => {
    const problem = await shell.openPath(await folderInside(calls.workspace, folder));
    if (problem !== '') throw new Error(problem);
  });
}

/** Opening a file would run it, and the page has no business outside of the workspace. */
export async function folderInside(workspace: string, folder: unknown): Promise<string> {
  const root = await realpath(workspace);
  const real = typeof folder === 'string' ? await realpath(folder) : '';
  const isInside = real === root || real.startsWith(root + path.sep);
  if (!isInside || !(await stat(real)).isDirectory())
    throw new Error(`${String(folder)} is not a folder of the workspace.`);
  return real;
}

/** True for the top frame of our own page. `senderFrame` is null if the frame has gone away. */
function isOurPage(event: IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame;
  return frame !== null && frame.parent === null && frame.url.startsWith(PAGE);
}

const datasetFilter = {
  name: 'Datasets',
  extensions: ['jsonl', 'ndjson', 'json', 'csv', 'tsv', 'txt', 'parquet', 'gz', 'zst'],
};

/** Shows the system's open dialog; empty if it was canceled. */
export async function choosePaths(
  window: BrowserWindow | null,
  what: 'files' | 'folder',
): Promise<readonly string[]> {
  const options: Electron.OpenDialogOptions =
    what === 'files'
      ? {
          properties: ['openFile', 'multiSelections'],
          filters: [datasetFilter, { name: 'All files', extensions: ['*'] }],
        }
      : { properties: ['openDirectory', 'createDirectory'] };
  const answer = await (window === null
    ? dialog.showOpenDialog(options)
    : dialog.showOpenDialog(window, options));
  return answer.canceled ? [] : answer.filePaths;
}

/**
 * The typed calls between the sandboxed page and Electron's main process. The page gets no Electron
 * API.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { NightshiftBridge } from '../src-main/contract/host.ts';

/**
 * Listens to a channel. Electron's event object is not passed on, because it exposes the sender.
 */
function listen(channel: string, listener: (value: unknown) => void): () => void {
  const receive = (_event: unknown, value: unknown): void => {
    listener(value);
  };
  ipcRenderer.on(channel, receive);
  return () => {
    ipcRenderer.removeListener(channel, receive);
  };
}

const bridge: NightshiftBridge = {
  connection: () =>
    ipcRenderer.invoke('nightshift:connection') as ReturnType<NightshiftBridge['connection']>,
  startProblem: () =>
    ipcRenderer.invoke('nightshift:start-problem') as ReturnType<NightshiftBridge['startProblem']>,
  onStartProblem: (listener) =>
    listen('nightshift:start-problem-changed', (problem) => {
      listener(problem as Parameters<typeof listener>[0]);
    }),
  pathOf: (file) => webUtils.getPathForFile(file),
  chooseFiles: () => ipcRenderer.invoke('nightshift:choose-files') as Promise<readonly string[]>,
  chooseFolder: () => ipcRenderer.invoke('nightshift:choose-folder') as Promise<string | null>,
  openFolder: (path) => ipcRenderer.invoke('nightshift:open-folder', path) as Promise<void>,
  openWorkspace: (path) =>
    ipcRenderer.invoke('nightshift:open-workspace', path) as Promise<string | null>,
  onOpen: (listener) =>
    listen('nightshift:open', (screen) => {
      if (typeof screen === 'string') listener(screen);
    }),
  onAction: (listener) =>
    listen('nightshift:action', (action) => {
      listener(action as Parameters<typeof listener>[0]);
    }),
  settings: () =>
    ipcRenderer.invoke('nightshift:settings') as ReturnType<NightshiftBridge['settings']>,
  changeSettings: (change) =>
    ipcRenderer.invoke('nightshift:change-settings', change) as ReturnType<
      NightshiftBridge['changeSettings']
    >,
  onSettings: (listener) =>
    listen('nightshift:settings-changed', (settings) => {
      listener(settings as Parameters<typeof listener>[0]);
    }),
  onConnection: (listener) =>
    listen('nightshift:connected', () => {
      listener();
    }),
  platform: process.platform,
};

contextBridge.exposeInMainWorld('nightshift', bridge);

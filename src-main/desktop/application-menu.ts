/** Keeps the application menu up to date and connects its items to window, preferences and engine. */
import { app, dialog, Menu, shell } from 'electron';
import type { Screen } from '../contract/index.ts';
import { choosePaths } from './ipc-handlers.ts';
import { menuTemplate, type MenuActions } from './menu.ts';
import type { Preferences } from './preferences.ts';
import type { Client, Supervisor } from './supervisor/index.ts';
import type { TrayStatus } from './tray-status.ts';
import type { MainWindow } from './window.ts';

export interface ApplicationMenuOptions {
  readonly workspace: string;
  readonly engineLog: string;
  readonly window: MainWindow;
  readonly preferences: Preferences;
  readonly supervisor: Supervisor;
  readonly open: (screen: Screen) => void;
  /** Resolves to what is wrong with the folder, or null. */
  readonly openWorkspace: (folder: string) => Promise<string | null>;
  readonly addFiles: (paths: readonly string[]) => Promise<void>;
  readonly send: (name: string, command: (client: Client) => Promise<unknown>) => void;
  readonly pause: () => void;
  readonly resume: () => void;
}

export interface ApplicationMenu {
  update(status: TrayStatus): void;
}

export function createApplicationMenu(options: ApplicationMenuOptions): ApplicationMenu {
  const actions = menuActions(options);
  let shown = '';
  return {
    update({ action }) {
      const facts = {
        action,
        connected: options.supervisor.client() !== null,
        mac: process.platform === 'darwin',
        packaged: app.isPackaged,
      };
      if (JSON.stringify(facts) === shown) return;
      shown = JSON.stringify(facts);
      Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(facts, actions)));
    },
  };
}

function menuActions(options: ApplicationMenuOptions): MenuActions {
  const { window, send } = options;
  return {
    addFiles: () => {
      void choosePaths(window.browser, 'files').then(options.addFiles);
    },
    open: options.open,
    pageAction: (action) => {
      window.show();
      window.send('nightshift:action', action);
    },
    zoom: (direction) => {
      options.preferences.zoom(direction);
    },
    pause: options.pause,
    resume: options.resume,
    stop: (now) => {
      send('Stop', (client) => client.training.stop({ now, by: 'you (window)' }));
    },
    skip: () => {
      send('Skip', (client) => client.training.skip({ by: 'you (window)' }));
    },
    restartEngine: () => void options.supervisor.restartEngine().catch(() => undefined),
    showWorkspace: () => void shell.openPath(options.workspace),
    openWorkspace: () => {
      void choosePaths(window.browser, 'folder').then(async ([folder]) => {
        const problem = folder === undefined ? null : await options.openWorkspace(folder);
        if (problem !== null) dialog.showErrorBox('This folder can’t be used', problem);
      });
    },
    showEngineLog: () => void shell.openPath(options.engineLog),
    close: () => {
      window.browser.close();
    },
    quit: () => {
      app.quit();
    },
  };
}

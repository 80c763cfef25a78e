/** The application menu and its shortcuts. */
import type { MenuItemConstructorOptions } from 'electron';
import type { PageAction } from '../contract/host.ts';
import { keysOf, screenTable, type Screen } from '../contract/index.ts';
import type { TrayStatus } from './tray-status.ts';

export interface MenuActions {
  readonly addFiles: () => void;
  readonly open: (screen: Screen) => void;
  /** Actions that the page carries out, such as opening the command palette. */
  readonly pageAction: (action: PageAction) => void;
  readonly zoom: (direction: 1 | -1 | 0) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: (now: boolean) => void;
  readonly skip: () => void;
  readonly restartEngine: () => void;
  readonly showWorkspace: () => void;
  readonly openWorkspace: () => void;
  readonly showEngineLog: () => void;
  readonly close: () => void;
  readonly quit: () => void;
}

export interface MenuFacts {
  readonly action: TrayStatus['action'];
  readonly connected: boolean;
  readonly mac: boolean;
  readonly packaged: boolean;
}

const SEPARATOR: MenuItemConstructorOptions = { type: 'separator' };

/** Pure. The menu is rebuilt when one of the facts changes. */
export function menuTemplate(facts: MenuFacts, actions: MenuActions): MenuItemConstructorOptions[] {
  return [
    ...(facts.mac ? [{ role: 'appMenu' } as const] : []),
    fileMenu(facts, actions),
    { label: '&Edit', role: 'editMenu' },
    trainingMenu(facts, actions),
    viewMenu(facts, actions),
    helpMenu(facts, actions),
  ];
}

const fileMenu = (facts: MenuFacts, actions: MenuActions): MenuItemConstructorOptions => ({
  label: '&File',
  submenu: [
    {
      label: 'Add files…',
      accelerator: keysOf('add_files'),
      enabled: facts.connected,
      click: actions.addFiles,
    },
    { label: 'Show workspace folder', click: actions.showWorkspace },
    { label: 'Open another workspace…', click: actions.openWorkspace },
    SEPARATOR,
    {
      label: 'Settings',
      accelerator: keysOf('settings'),
      click: () => {
        actions.open('settings');
      },
    },
    SEPARATOR,
    { label: 'Close window', accelerator: 'CmdOrCtrl+W', click: actions.close },
    { label: 'Quit', accelerator: 'CmdOrCtrl+Q', click: actions.quit },
  ],
});

const trainingMenu = (facts: MenuFacts, actions: MenuActions): MenuItemConstructorOptions => ({
  label: '&Training',
  submenu: [
    {
      label: facts.action === 'resume' ? 'Resume' : 'Pause',
      accelerator: keysOf('pause_or_resume'),
      enabled: facts.action !== null,
      click: facts.action === 'resume' ? actions.resume : actions.pause,
    },
    {
      label: 'Stop…',
      accelerator: keysOf('stop'),
      enabled: facts.connected,
      click: () => {
        actions.pageAction('stop');
      },
    },
    SEPARATOR,
    {
      label: 'Stop after this dataset',
      enabled: facts.connected,
      click: () => {
        actions.stop(false);
      },
    },
    {
      label: 'Stop now (saves a checkpoint)',
      enabled: facts.connected,
      click: () => {
        actions.stop(true);
      },
    },
    { label: 'Skip this dataset', enabled: facts.connected, click: actions.skip },
  ],
});

const viewMenu = (facts: MenuFacts, actions: MenuActions): MenuItemConstructorOptions => ({
  label: '&View',
  submenu: [
    {
      label: 'Command palette',
      accelerator: keysOf('palette'),
      click: () => {
        actions.pageAction('palette');
      },
    },
    SEPARATOR,
    ...screenTable
      .filter(({ id }) => id !== 'settings' && id !== 'help')
      .map(({ id, name, number }): MenuItemConstructorOptions => ({
        label: name,
        ...(number === null ? {} : { accelerator: `CmdOrCtrl+${String(number)}` }),
        click: () => {
          actions.open(id);
        },
      })),
    SEPARATOR,
    {
      label: 'Zoom in',
      accelerator: keysOf('zoom_in'),
      click: () => {
        actions.zoom(1);
      },
    },
    {
      label: 'Zoom out',
      accelerator: keysOf('zoom_out'),
      click: () => {
        actions.zoom(-1);
      },
    },
    {
      label: 'Reset zoom',
      accelerator: keysOf('zoom_reset'),
      click: () => {
        actions.zoom(0);
      },
    },
    { role: 'togglefullscreen' },
    ...(facts.packaged ? [] : [SEPARATOR, { role: 'toggleDevTools' } as const]),
  ],
});

const helpMenu = (facts: MenuFacts, actions: MenuActions): MenuItemConstructorOptions => ({
  label: '&Help',
  submenu: [
    {
      label: 'Help',
      click: () => {
        actions.open('help');
      },
    },
    {
      label: 'Keyboard shortcuts',
      click: () => {
        actions.pageAction('shortcuts');
      },
    },
    SEPARATOR,
    { label: 'Show engine log', click: actions.showEngineLog },
    {
      label: 'Restart engine (training is not affected)',
      enabled: facts.connected,
      click: actions.restartEngine,
    },
  ],
});

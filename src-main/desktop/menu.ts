/** The window's own menu and its shortcuts. */
import type { MenuItemConstructorOptions } from 'electron';
import type { PageAct } from '../contract/host.ts';
import { keysOf, screenTable, type Screen } from '../contract/index.ts';
import type { Standing } from './tray-status.ts';

export interface MenuActs {
  readonly addFiles: () => void;
  readonly open: (screen: Screen) => void;
  /** What the page does: commands, the list of keys. */
  readonly act: (act: PageAct) => void;
  readonly zoom: (way: 1 | -1 | 0) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: (now: boolean) => void;
  readonly skip: () => void;
  readonly restartEngine: () => void;
  readonly showWorkspace: () => void;
  readonly showEngineLog: () => void;
  readonly close: () => void;
  readonly quit: () => void;
}

export interface MenuFacts {
  readonly action: Standing['action'];
  readonly connected: boolean;
  readonly mac: boolean;
  readonly packaged: boolean;
}

/** Pure; rebuilt when one of the facts changes. */
export function menuTemplate(facts: MenuFacts, acts: MenuActs): MenuItemConstructorOptions[] {
  const { connected } = facts;
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  return [
    ...(facts.mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        {
          label: 'Add files…',
          accelerator: keysOf('add_files'),
          enabled: connected,
          click: acts.addFiles,
        },
        { label: 'Show the workspace folder', click: acts.showWorkspace },
        separator,
        {
          label: 'Settings',
          accelerator: keysOf('settings'),
          click: () => {
            acts.open('settings');
          },
        },
        separator,
        { label: 'Close the window', accelerator: 'CmdOrCtrl+W', click: acts.close },
        { label: 'Quit', accelerator: 'CmdOrCtrl+Q', click: acts.quit },
      ],
    },
    { label: '&Edit', role: 'editMenu' },
    {
      label: '&Training',
      submenu: [
        {
          label: facts.action === 'resume' ? 'Resume' : 'Pause',
          accelerator: keysOf('pause_or_resume'),
          enabled: facts.action !== null,
          click: facts.action === 'resume' ? acts.resume : acts.pause,
        },
        {
          label: 'Stop, with a choice of ways',
          accelerator: keysOf('stop'),
          enabled: connected,
          click: () => {
            acts.act('stop');
          },
        },
        separator,
        {
          label: 'Stop after this dataset',
          enabled: connected,
          click: () => {
            acts.stop(false);
          },
        },
        {
          label: 'Stop now, with a checkpoint',
          enabled: connected,
          click: () => {
            acts.stop(true);
          },
        },
        { label: 'Skip this dataset', enabled: connected, click: acts.skip },
      ],
    },
    {
      label: '&View',
      submenu: [
        {
          label: 'Commands',
          accelerator: keysOf('palette'),
          click: () => {
            acts.act('palette');
          },
        },
        separator,
        ...screenTable
          .filter(({ id }) => id !== 'settings' && id !== 'help')
          .map(({ id, name, number }): MenuItemConstructorOptions => ({
            label: name,
            ...(number === null ? {} : { accelerator: `CmdOrCtrl+${String(number)}` }),
            click: () => {
              acts.open(id);
            },
          })),
        separator,
        {
          label: 'Larger',
          accelerator: keysOf('zoom_in'),
          click: () => {
            acts.zoom(1);
          },
        },
        {
          label: 'Smaller',
          accelerator: keysOf('zoom_out'),
          click: () => {
            acts.zoom(-1);
          },
        },
        {
          label: 'Size 100 %',
          accelerator: keysOf('zoom_reset'),
          click: () => {
            acts.zoom(0);
          },
        },
        { role: 'togglefullscreen' },
        ...(facts.packaged ? [] : [separator, { role: 'toggleDevTools' } as const]),
      ],
    },
    {
      label: '&Help',
      submenu: [
        {
          label: 'Help',
          click: () => {
            acts.open('help');
          },
        },
        {
          label: 'Keys',
          click: () => {
            acts.act('shortcuts');
          },
        },
        separator,
        { label: 'Show the engine’s log', click: acts.showEngineLog },
        {
          label: 'Restart the engine (training is not touched)',
          enabled: connected,
          click: acts.restartEngine,
        },
      ],
    },
  ];
}

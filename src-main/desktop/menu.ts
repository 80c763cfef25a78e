/** The window's own menu and its shortcuts. */
import type { MenuItemConstructorOptions } from 'electron';
import type { Screen } from '../contract/index.ts';
import type { Standing } from './standing.ts';

export interface MenuActs {
  readonly addFiles: () => void;
  readonly open: (screen: Screen) => void;
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

const screens: readonly (readonly [Screen, string])[] = [
  ['dashboard', 'Dashboard'],
  ['data', 'Data'],
  ['queue', 'Queue'],
];

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
          accelerator: 'CmdOrCtrl+O',
          enabled: connected,
          click: acts.addFiles,
        },
        { label: 'Show the workspace folder', click: acts.showWorkspace },
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
          accelerator: 'CmdOrCtrl+Shift+P',
          enabled: facts.action !== null,
          click: facts.action === 'resume' ? acts.resume : acts.pause,
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
        ...screens.map(([screen, label], index): MenuItemConstructorOptions => ({
          label,
          accelerator: `CmdOrCtrl+${String(index + 1)}`,
          click: () => {
            acts.open(screen);
          },
        })),
        separator,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(facts.packaged ? [] : [separator, { role: 'toggleDevTools' } as const]),
      ],
    },
    {
      label: '&Help',
      submenu: [
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

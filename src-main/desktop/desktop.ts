/** The running desktop: what the supervisor tells goes to tray, task bar, menu, power and notifications; acts go to the engine. */
import { join } from 'node:path';
import { app, Menu, protocol, shell } from 'electron';
import type { PageAct } from '../contract/host.ts';
import type { Rooms, Screen } from '../contract/index.ts';
import { createDeparture } from './quit-flow.ts';
import { freshNotices } from './fresh-notices.ts';
import { createLogin, HIDDEN } from './login.ts';
import { menuTemplate } from './menu.ts';
import { createNotifications } from './notifications.ts';
import { answerPage, choosePaths } from './page-calls.ts';
import { createWakefulness } from './power.ts';
import { engineProgram } from './program.ts';
import { watchSaves, type SaveWatch } from './quit.ts';
import { SCHEME, servePage } from './scheme.ts';
import type { Settings } from './settings.ts';
import { isWorking, standing, type Standing } from './tray-status.ts';
import { createSupervisor, type Client } from './supervisor/index.ts';
import { createTastes } from './preferences.ts';
import { openTray } from './tray.ts';
import { openWindow } from './window.ts';

export interface Desktop {
  show(): void;
  /** Queues files of this machine; what is refused is told in a dialog. */
  addFiles(paths: readonly string[]): Promise<void>;
  /** Whether quitting may go on now; if not, the question has been put and quitting comes again by itself. */
  mayQuit(): boolean;
}

export interface DesktopOptions {
  readonly workspace: string;
  readonly settings: Settings;
  readonly page: string;
  readonly preload: string;
  readonly icons: string;
  /** Started by the system at login: the window stays in the tray. */
  readonly startHidden: boolean;
  /** What starts this application again: program, then arguments. */
  readonly command: readonly string[];
}

const seconds = (): number => Date.now() / 1000;

export function createDesktop(options: DesktopOptions): Desktop {
  const { workspace, settings } = options;
  const opened = seconds();
  const log = join(app.getPath('userData'), 'engine.log');
  const icon = join(options.icons, 'icon-512.png');
  let saves: SaveWatch = { savingSince: null, seconds: null };
  let menuFacts = '';

  protocol.handle(SCHEME, (request) => servePage(options.page, request.url));

  const preferences = createTastes({
    settings,
    login: createLogin({
      platform: process.platform,
      env: process.env,
      home: app.getPath('home'),
      command: options.command,
      system: {
        get: () => app.getLoginItemSettings({ args: [HIDDEN] }).openAtLogin,
        set: (openAtLogin) => {
          app.setLoginItemSettings({ openAtLogin, args: [HIDDEN] });
        },
      },
    }),
    changed: (now) => {
      if (!window.browser.isDestroyed()) window.browser.webContents.setZoomFactor(now.zoom / 100);
      window.tell('nightshift:settings-changed', now);
      update();
    },
  });

  const supervisor = createSupervisor({
    workspace,
    log,
    env: process.env,
    nowMs: Date.now,
    program: () =>
      engineProgram({
        packaged: app.isPackaged,
        appPath: app.getAppPath(),
        resources: process.resourcesPath,
        userData: app.getPath('userData'),
        platform: process.platform,
        env: process.env,
      }),
    listener: {
      connection: (connection) => {
        if (connection.kind === 'attached') window.tell('nightshift:connected');
        if (connection.kind === 'older' || connection.kind === 'newer')
          void quitFlow.settleContract(connection);
        update();
      },
      rooms: (rooms) => {
        saves = watchSaves(saves, rooms.status, seconds());
        announce(rooms);
        update();
      },
      started: ({ pid }) => {
        settings.set('startedEngine', { workspace, pid });
      },
      struggling: (problem) => {
        notifications.show({
          title: 'The engine does not start',
          body: `${problem}. It is tried again; a running trainer is not touched by that.`,
          opens: 'dashboard',
        });
      },
      replaced: (how, afterMs) => {
        notifications.show({
          title: `The engine was restarted in ${(afterMs / 1000).toFixed(1)}\u00a0s`,
          body: `It had ended (${how}). A running trainer is not touched by that.`,
          opens: 'dashboard',
        });
      },
    },
  });

  const window = openWindow({
    preload: options.preload,
    icon,
    settings,
    startHidden: options.startHidden,
    zoom: () => preferences.get().zoom,
    leaving: () => quitFlow.leaving(),
    hidden: () => {
      if (!settings.get('firstRun')) return;
      settings.set('firstRun', false);
      notifications.show({
        title: 'Nightshift is in the tray',
        body: 'Training and its supervision go on. The tray opens the window again, and quits.',
        opens: 'dashboard',
      });
    },
  });
  const notifications = createNotifications({
    icon,
    platform: process.platform,
    open: (screen) => {
      open(screen);
    },
  });
  const wakefulness = createWakefulness();
  answerPage({
    window: () => window.browser,
    ticket: () => supervisor.ticket(),
    settings: () => preferences.get(),
    changeSettings: (change) => preferences.change(change),
  });

  const open = (screen: Screen): void => {
    window.show();
    window.tell('nightshift:open', screen);
  };

  /** Asks the engine for something; an answer that is a no is told, never swallowed. */
  const ask = (what: string, act: (client: Client) => Promise<unknown>): void => {
    const client = supervisor.client();
    const answered =
      client === null ? Promise.reject(new Error('The engine is not there.')) : act(client);
    answered.catch((error: unknown) => {
      const body = error instanceof Error ? error.message : String(error);
      notifications.show({ title: `${what} was not done`, body, opens: 'dashboard' });
    });
  };
  const pause = (): void => {
    ask('Pause', (client) => client.training.pause({ by: 'you (tray)' }));
  };
  const resume = (): void => {
    ask('Resume', (client) => client.training.resume({ by: 'you (tray)' }));
  };
  const quit = (): void => {
    app.quit();
  };

  const now = (): Standing => standing(supervisor.connection(), supervisor.rooms());
  const tray = openTray(options.icons, now(), {
    pause,
    resume,
    open: () => {
      window.show();
    },
    quit,
  });

  const update = (): void => {
    const rooms = supervisor.rooms();
    const at = now();
    tray.update(at);
    wakefulness.update(preferences.get().keepAwake && isWorking(rooms?.status ?? null));
    if (!window.browser.isDestroyed())
      window.browser.setProgressBar(at.progress ?? -1, {
        mode: at.icon === 'paused' ? 'paused' : at.icon === 'attention' ? 'error' : 'normal',
      });
    updateMenu(at);
  };

  const updateMenu = ({ action }: Standing): void => {
    const facts = {
      action,
      connected: supervisor.client() !== null,
      mac: process.platform === 'darwin',
      packaged: app.isPackaged,
    };
    if (JSON.stringify(facts) === menuFacts) return;
    menuFacts = JSON.stringify(facts);
    const template = menuTemplate(facts, {
      addFiles: () => {
        void choosePaths(window.browser, 'files').then(addFiles);
      },
      open,
      act: (act: PageAct) => {
        window.show();
        window.tell('nightshift:act', act);
      },
      zoom: (way) => {
        preferences.zoom(way);
      },
      pause,
      resume,
      stop: (at) => {
        ask('Stop', (client) => client.training.stop({ now: at, by: 'you (window)' }));
      },
      skip: () => {
        ask('Skip', (client) => client.training.skip({ by: 'you (window)' }));
      },
      restartEngine: () => void supervisor.restartEngine().catch(() => undefined),
      showWorkspace: () => void shell.openPath(workspace),
      showEngineLog: () => void shell.openPath(log),
      close: () => {
        window.browser.close();
      },
      quit,
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  };

  const announce = (rooms: Rooms): void => {
    const all = settings.get('notices');
    const memory = all[workspace] ?? null;
    const fresh = freshNotices(rooms.notices, memory, opened, preferences.get().silenced);
    if (JSON.stringify(fresh.memory) === JSON.stringify(memory)) return;
    // Remembered first: a window that is killed in between rather tells nothing than tells it twice.
    settings.set('notices', { ...all, [workspace]: fresh.memory });
    for (const announcement of fresh.announcements) notifications.show(announcement);
  };

  const quitFlow = createDeparture({
    supervisor: () => supervisor,
    ours: () => settings.get('startedEngine')?.pid ?? null,
    stopSeconds: () => saves.seconds,
    gone: () => {
      tray.close();
    },
  });

  const addFiles = async (paths: readonly string[]): Promise<void> => {
    if (paths.length === 0) return;
    open('data');
    for (const end = seconds() + 30; supervisor.client() === null && seconds() < end;)
      await new Promise((resolve) => setTimeout(resolve, 100));
    ask('Adding files', async (client) => {
      const { refused } = await client.queue.add({ paths: [...paths] });
      if (refused.length > 0)
        throw new Error(refused.map((refusal) => `${refusal.path}: ${refusal.message}`).join('\n'));
    });
  };

  update();
  return {
    show: () => {
      window.show();
    },
    addFiles,
    mayQuit: quitFlow.mayQuit,
  };
}

/**
 * Connects the supervisor's news to tray, task bar, menu, sleep blocker and notifications, and user
 * actions to the engine.
 */
import { join } from 'node:path';
import { app, Menu, protocol, shell } from 'electron';
import type { Rooms, Screen } from '../contract/index.ts';
import { engineProgram } from './engine-program.ts';
import { freshNotices } from './fresh-notices.ts';
import { answerPage, choosePaths } from './ipc-handlers.ts';
import { createLogin, HIDDEN } from './login.ts';
import { menuTemplate, type MenuActions } from './menu.ts';
import { createNotifications, type Notifications } from './notifications.ts';
import { createPowerSaveBlocker } from './power-save-blocker.ts';
import { createPreferences, type Preferences } from './preferences.ts';
import { createQuitFlow, type QuitFlow } from './quit-flow.ts';
import { watchSaves, type SaveWatch } from './quit.ts';
import { SCHEME, servePage } from './scheme.ts';
import type { Settings } from './settings.ts';
import {
  createSupervisor,
  type Client,
  type Connection,
  type Supervisor,
} from './supervisor/index.ts';
import { isWorking, trayStatus, type TrayStatus } from './tray-status.ts';
import { openTray, type NightshiftTray } from './tray.ts';
import { openWindow, type MainWindow } from './window.ts';

export interface DesktopOptions {
  readonly workspace: string;
  readonly settings: Settings;
  readonly page: string;
  readonly preload: string;
  readonly icons: string;
  /** Started by the operating system at login: only the tray icon is shown. */
  readonly startHidden: boolean;
  /** The command that starts this application: program, then arguments. */
  readonly command: readonly string[];
}

const CONNECT_SECONDS = 30;

const seconds = (): number => Date.now() / 1000;

export class Desktop {
  private readonly options: DesktopOptions;
  private readonly openedAt = seconds();
  private readonly engineLog = join(app.getPath('userData'), 'engine.log');
  private readonly powerSaveBlocker = createPowerSaveBlocker();
  private readonly preferences: Preferences;
  private readonly supervisor: Supervisor;
  private readonly window: MainWindow;
  private readonly notifications: Notifications;
  private readonly tray: NightshiftTray;
  private readonly quitFlow: QuitFlow;
  private saves: SaveWatch = { savingSince: null, seconds: null };
  private shownMenu = '';

  constructor(options: DesktopOptions) {
    this.options = options;
    const { settings } = options;
    const icon = join(options.icons, 'icon-512.png');
    protocol.handle(SCHEME, (request) => servePage(options.page, request.url));
    this.preferences = this.openPreferences();
    this.supervisor = this.startSupervisor();
    this.window = openWindow({
      preload: options.preload,
      icon,
      settings,
      startHidden: options.startHidden,
      zoom: () => this.preferences.get().zoom,
      isQuitting: () => this.quitFlow.isQuitting(),
      onHide: () => {
        this.explainTray();
      },
    });
    this.notifications = createNotifications({
      icon,
      platform: process.platform,
      open: (screen) => {
        this.open(screen);
      },
    });
    answerPage({
      window: () => this.window.browser,
      ticket: () => this.supervisor.ticket(),
      settings: () => this.preferences.get(),
      changeSettings: (change) => this.preferences.change(change),
    });
    this.tray = openTray(options.icons, this.status(), {
      pause: this.pause,
      resume: this.resume,
      open: () => {
        this.show();
      },
      quit: this.quit,
    });
    this.quitFlow = createQuitFlow({
      supervisor: () => this.supervisor,
      startedEnginePid: () => settings.get('startedEngine')?.pid ?? null,
      stopSeconds: () => this.saves.seconds,
      onQuit: () => {
        this.tray.close();
      },
    });
    this.update();
  }

  show(): void {
    this.window.show();
  }

  /**
   * False while quitting waits for the user or the engine; once they are done, the application
   * quits automatically.
   */
  mayQuit(): boolean {
    return this.quitFlow.mayQuit();
  }

  /** Queues files of this machine. Refused files are reported in a notification. */
  readonly addFiles = async (paths: readonly string[]): Promise<void> => {
    if (paths.length === 0) return;
    this.open('data');
    for (
      const end = seconds() + CONNECT_SECONDS;
      this.supervisor.client() === null && seconds() < end;
    )
      await new Promise((resolve) => setTimeout(resolve, 100));
    this.send('Adding files', async (client) => {
      const { refused } = await client.queue.add({ paths: [...paths] });
      if (refused.length > 0)
        throw new Error(refused.map((refusal) => `${refusal.path}: ${refusal.message}`).join('\n'));
    });
  };

  private readonly open = (screen: Screen): void => {
    this.window.show();
    this.window.send('nightshift:open', screen);
  };

  private readonly pause = (): void => {
    this.send('Pause', (client) => client.training.pause({ by: 'you (tray)' }));
  };

  private readonly resume = (): void => {
    this.send('Resume', (client) => client.training.resume({ by: 'you (tray)' }));
  };

  private readonly quit = (): void => {
    app.quit();
  };

  /** Sends a command to the engine. A refusal or failure is shown as a notification. */
  private send(name: string, command: (client: Client) => Promise<unknown>): void {
    const client = this.supervisor.client();
    const answer =
      client === null ? Promise.reject(new Error('The engine is not running.')) : command(client);
    answer.catch((error: unknown) => {
      const body = error instanceof Error ? error.message : String(error);
      this.notifications.show({ title: `${name} failed`, body, opens: 'dashboard' });
    });
  }

  private status(): TrayStatus {
    return trayStatus(this.supervisor.connection(), this.supervisor.rooms());
  }

  private update(): void {
    const { browser } = this.window;
    const status = this.status();
    const training = this.supervisor.rooms()?.status ?? null;
    this.tray.update(status);
    this.powerSaveBlocker.update(this.preferences.get().keepAwake && isWorking(training));
    if (!browser.isDestroyed())
      browser.setProgressBar(status.progress ?? -1, {
        mode:
          status.icon === 'paused' ? 'paused' : status.icon === 'attention' ? 'error' : 'normal',
      });
    this.updateMenu(status);
  }

  private updateMenu({ action }: TrayStatus): void {
    const facts = {
      action,
      connected: this.supervisor.client() !== null,
      mac: process.platform === 'darwin',
      packaged: app.isPackaged,
    };
    if (JSON.stringify(facts) === this.shownMenu) return;
    this.shownMenu = JSON.stringify(facts);
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(facts, this.menuActions())));
  }

  private menuActions(): MenuActions {
    return {
      addFiles: () => {
        void choosePaths(this.window.browser, 'files').then(this.addFiles);
      },
      open: this.open,
      pageAction: (action) => {
        this.window.show();
        this.window.send('nightshift:action', action);
      },
      zoom: (direction) => {
        this.preferences.zoom(direction);
      },
      pause: this.pause,
      resume: this.resume,
      stop: (now) => {
        this.send('Stop', (client) => client.training.stop({ now, by: 'you (window)' }));
      },
      skip: () => {
        this.send('Skip', (client) => client.training.skip({ by: 'you (window)' }));
      },
      restartEngine: () => void this.supervisor.restartEngine().catch(() => undefined),
      showWorkspace: () => void shell.openPath(this.options.workspace),
      showEngineLog: () => void shell.openPath(this.engineLog),
      close: () => {
        this.window.browser.close();
      },
      quit: this.quit,
    };
  }

  private openPreferences(): Preferences {
    const { settings, command } = this.options;
    return createPreferences({
      settings,
      login: createLogin({
        platform: process.platform,
        env: process.env,
        home: app.getPath('home'),
        command,
        system: {
          get: () => app.getLoginItemSettings({ args: [HIDDEN] }).openAtLogin,
          set: (openAtLogin) => {
            app.setLoginItemSettings({ openAtLogin, args: [HIDDEN] });
          },
        },
      }),
      onChange: (preferences) => {
        const { browser } = this.window;
        if (!browser.isDestroyed()) browser.webContents.setZoomFactor(preferences.zoom / 100);
        this.window.send('nightshift:settings-changed', preferences);
        this.update();
      },
    });
  }

  private startSupervisor(): Supervisor {
    const { workspace, settings } = this.options;
    return createSupervisor({
      workspace,
      log: this.engineLog,
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
        onConnection: (connection) => {
          this.onConnection(connection);
        },
        onRooms: (rooms) => {
          this.saves = watchSaves(this.saves, rooms.status, seconds());
          this.notify(rooms);
          this.update();
        },
        onStarted: ({ pid }) => {
          settings.set('startedEngine', { workspace, pid });
        },
        onStartFailing: (problem) => {
          this.notifications.show({
            title: 'The engine failed to start',
            body: `${problem}. Nightshift keeps retrying. A running trainer is not affected.`,
            opens: 'dashboard',
          });
        },
        onReplaced: (cause, afterMs) => {
          this.notifications.show({
            title: `The engine was restarted in ${(afterMs / 1000).toFixed(1)}\u00a0s`,
            body: `It ended unexpectedly (${cause}). Training was not affected.`,
            opens: 'dashboard',
          });
        },
      },
    });
  }

  private onConnection(connection: Connection): void {
    if (connection.kind === 'attached') this.window.send('nightshift:connected');
    if (connection.kind === 'older' || connection.kind === 'newer')
      void this.quitFlow.resolveContractMismatch(connection);
    this.update();
  }

  private notify(rooms: Rooms): void {
    const { workspace, settings } = this.options;
    const shown = settings.get('notices');
    const memory = shown[workspace] ?? null;
    const { silenced } = this.preferences.get();
    const fresh = freshNotices(rooms.notices, memory, this.openedAt, silenced);
    if (JSON.stringify(fresh.memory) === JSON.stringify(memory)) return;
    // Saved before they are shown: after a crash in between, a notice is lost rather than shown
    // twice.
    settings.set('notices', { ...shown, [workspace]: fresh.memory });
    for (const announcement of fresh.announcements) this.notifications.show(announcement);
  }

  /** The first time the window is closed, says that Nightshift keeps running in the tray. */
  private explainTray(): void {
    const { settings } = this.options;
    if (!settings.get('firstRun')) return;
    settings.set('firstRun', false);
    this.notifications.show({
      title: 'Nightshift is still running',
      body: 'Training continues in the background. Use the tray icon to open the window or quit.',
      opens: 'dashboard',
    });
  }
}

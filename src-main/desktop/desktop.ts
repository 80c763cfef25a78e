/**
 * Connects the supervisor's news to tray, task bar, menu, sleep blocker and notifications, and user
 * actions to the engine.
 */
import { join } from 'node:path';
import { app, protocol } from 'electron';
import type { Rooms, Screen, StartProblem } from '../contract/index.ts';
import {
  commandFailed,
  engineRestarted,
  engineStartFailing,
  stillRunning,
} from './announcements.ts';
import { createApplicationMenu, type ApplicationMenu } from './application-menu.ts';
import { freshNotices } from './fresh-notices.ts';
import { answerPage } from './ipc-handlers.ts';
import { createNotifications, type Notifications } from './notifications.ts';
import { createPowerSaveBlocker } from './power-save-blocker.ts';
import { createPreferences, type Preferences } from './preferences.ts';
import { createQuitFlow, type QuitFlow } from './quit-flow.ts';
import { watchSaves, type SaveWatch } from './quit.ts';
import { SCHEME, servePage } from './scheme.ts';
import type { Settings } from './settings.ts';
import type { Client, Connection, Supervisor } from './supervisor/index.ts';
import { superviseEngine, systemLogin } from './system.ts';
import { isWorking, trayStatus, type TrayStatus } from './tray-status.ts';
import { openTray, type NightshiftTray } from './tray.ts';
import { openWindow, type MainWindow } from './window.ts';
import { createWorkspaceSwitch, type WorkspaceSwitch } from './workspace-switch.ts';

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
  private readonly workspaceSwitch: WorkspaceSwitch;
  private readonly preferences: Preferences;
  private readonly supervisor: Supervisor;
  private readonly window: MainWindow;
  private readonly notifications: Notifications;
  private readonly tray: NightshiftTray;
  private readonly menu: ApplicationMenu;
  private readonly quitFlow: QuitFlow;
  private saves: SaveWatch = { savingSince: null, seconds: null };

  constructor(options: DesktopOptions) {
    this.options = options;
    const { settings } = options;
    const icon = join(options.icons, 'icon-512.png');
    protocol.handle(SCHEME, (request) => servePage(options.page, request.url));
    this.workspaceSwitch = createWorkspaceSwitch(options.workspace, settings);
    this.preferences = this.openPreferences();
    this.supervisor = this.startSupervisor();
    this.window = openWindow({
      preload: options.preload,
      icon,
      settings,
      startHidden: options.startHidden,
      zoom: () => this.preferences.get().zoom,
      isQuitting: () => this.quitFlow.isQuitting(),
      onHide: this.explainTray,
    });
    this.notifications = createNotifications({
      icon,
      platform: process.platform,
      open: this.open,
    });
    answerPage({
      workspace: options.workspace,
      window: () => this.window.browser,
      ticket: () => this.supervisor.ticket(),
      startProblem: () => this.startProblem(this.supervisor.connection()),
      settings: () => this.preferences.get(),
      changeSettings: (change) => this.preferences.change(change),
      openWorkspace: this.workspaceSwitch.open,
    });
    this.tray = openTray(options.icons, this.status(), {
      pause: this.pause,
      resume: this.resume,
      open: this.show,
      quit: () => {
        app.quit();
      },
    });
    this.menu = createApplicationMenu({
      workspace: options.workspace,
      engineLog: this.engineLog,
      window: this.window,
      preferences: this.preferences,
      supervisor: this.supervisor,
      open: this.open,
      openWorkspace: this.workspaceSwitch.open,
      addFiles: this.addFiles,
      send: this.send,
      pause: this.pause,
      resume: this.resume,
    });
    this.quitFlow = createQuitFlow({
      supervisor: () => this.supervisor,
      startedEnginePid: () => settings.get('startedEngine')?.pid ?? null,
      stopSeconds: () => this.saves.seconds,
      onQuit: () => {
        this.tray.close();
        this.workspaceSwitch.restart();
      },
      onCancel: this.workspaceSwitch.cancel,
    });
    this.update();
  }

  readonly show = (): void => {
    this.window.show();
  };

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

  /** Sends a command to the engine. A refusal or failure is shown as a notification. */
  private readonly send = (name: string, command: (client: Client) => Promise<unknown>): void => {
    const client = this.supervisor.client();
    const answer =
      client === null ? Promise.reject(new Error('The engine is not running.')) : command(client);
    answer.catch((error: unknown) => {
      this.notifications.show(commandFailed(name, error));
    });
  };

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
    this.menu.update(status);
  }

  private openPreferences(): Preferences {
    const { settings, command } = this.options;
    return createPreferences({
      settings,
      login: systemLogin(command),
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
    return superviseEngine(workspace, this.engineLog, {
      onConnection: this.onConnection,
      onRooms: (rooms) => {
        this.saves = watchSaves(this.saves, rooms.status, seconds());
        this.notify(rooms);
        this.update();
      },
      onStarted: ({ pid }) => {
        settings.set('startedEngine', { workspace, pid });
      },
      onStartFailing: (problem) => {
        this.notifications.show(engineStartFailing(problem));
      },
      onReplaced: (cause, afterMs) => {
        this.notifications.show(engineRestarted(cause, afterMs));
      },
    });
  }

  private startProblem(connection: Connection): StartProblem | null {
    if (connection.kind !== 'starting' || connection.problem === null) return null;
    const { workspace } = this.options;
    return { text: connection.problem, workspace, log: this.engineLog };
  }

  private readonly onConnection = (connection: Connection): void => {
    this.window.send('nightshift:start-problem-changed', this.startProblem(connection));
    if (connection.kind === 'attached') this.window.send('nightshift:connected');
    if (connection.kind === 'older' || connection.kind === 'newer')
      void this.quitFlow.resolveContractMismatch(connection);
    this.update();
  };

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
  private readonly explainTray = (): void => {
    const { settings } = this.options;
    if (!settings.get('firstRun')) return;
    settings.set('firstRun', false);
    this.notifications.show(stillRunning);
  };
}

/** The running desktop: what the supervisor tells goes to tray, task bar, menu, power and notifications; acts go to the engine. */
import { join } from 'node:path';
import { app, dialog, Menu, powerMonitor, protocol, shell } from 'electron';
import { CONTRACT_VERSION, type Rooms, type Screen } from '../contract/index.ts';
import { freshNotices } from './fresh-notices.ts';
import { menuTemplate } from './menu.ts';
import { createNotifications } from './notifications.ts';
import { answerPage, choosePaths } from './page-calls.ts';
import { createWakefulness } from './power.ts';
import { engineProgram } from './program.ts';
import { quitQuestion, watchSaves, type SaveWatch } from './quit.ts';
import { SCHEME, servePage } from './scheme.ts';
import type { Settings } from './settings.ts';
import { isWorking, standing, type Standing } from './standing.ts';
import { createSupervisor, type Client, type Connection } from './supervisor/index.ts';
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
}

const seconds = (): number => Date.now() / 1000;
const STOP_LIMIT_S = 180;

export function createDesktop(options: DesktopOptions): Desktop {
  const { workspace, settings } = options;
  const opened = seconds();
  const log = join(app.getPath('userData'), 'engine.log');
  const icon = join(options.icons, 'icon-512.png');
  let leaving = false;
  let asking = false;
  let saves: SaveWatch = { savingSince: null, seconds: null };
  let menuFacts = '';

  protocol.handle(SCHEME, (request) => servePage(options.page, request.url));

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
        if (connection.kind === 'attached') {
          settings.set('firstRun', false);
          window.tell('nightshift:connected');
        }
        if (connection.kind === 'older' || connection.kind === 'newer')
          void settleContract(connection);
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
      replaced: (how, afterMs) => {
        notifications.show({
          title: `The engine was restarted in ${(afterMs / 1000).toFixed(1)}\u00a0s`,
          body: `It had ended (${how}). A running trainer is not touched by that.`,
          opens: 'dashboard',
        });
      },
    },
  });

  const window = openWindow({ preload: options.preload, icon, settings, leaving: () => leaving });
  const notifications = createNotifications({
    icon,
    platform: process.platform,
    open: (screen) => {
      open(screen);
    },
  });
  const wakefulness = createWakefulness();
  answerPage({ window: () => window.browser, ticket: () => supervisor.ticket() });

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
    wakefulness.update(isWorking(rooms?.status ?? null));
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
    const fresh = freshNotices(rooms.notices, memory, opened);
    if (JSON.stringify(fresh.memory) === JSON.stringify(memory)) return;
    // Remembered first: a window that is killed in between rather tells nothing than tells it twice.
    settings.set('notices', { ...all, [workspace]: fresh.memory });
    for (const announcement of fresh.announcements) notifications.show(announcement);
  };

  /** An engine of another contract is there: nothing is done to it without a yes. */
  const settleContract = async (connection: Connection): Promise<void> => {
    if (connection.kind !== 'older' && connection.kind !== 'newer') return;
    const older = connection.kind === 'older';
    const answer = await dialog.showMessageBox({
      type: 'info',
      message: `The engine of this workspace is ${connection.kind} than this window`,
      detail: `It speaks contract ${String(connection.engine.contract)}, this window ${String(CONTRACT_VERSION)}. ${
        older
          ? 'A restarted engine takes over; training is not touched.'
          : 'The newer version of Nightshift can show it. Training goes on.'
      }`,
      buttons: older ? ['Restart engine (training is not touched)', 'Quit'] : ['Quit'],
      defaultId: 0,
      cancelId: older ? 1 : 0,
      noLink: true,
    });
    if (older && answer.response === 0) {
      await supervisor.restartEngine().catch((error: unknown) => {
        dialog.showErrorBox('The engine did not end', String(error));
      });
      return;
    }
    depart();
  };

  const depart = (): void => {
    leaving = true;
    supervisor.close();
    tray.close();
    app.quit();
  };

  /** Ends the engine too, if this desktop has started it: one that `nightshift serve` runs is somebody else's. */
  const endEngine = async (): Promise<void> => {
    const connection = supervisor.connection();
    const ours = settings.get('startedEngine');
    if (connection.kind === 'attached' && ours?.pid === connection.engine.pid)
      await supervisor.leave();
  };

  const stopTraining = async (): Promise<void> => {
    await supervisor.client()?.training.stop({ now: true, by: 'you (window)' });
    for (const end = seconds() + STOP_LIMIT_S; seconds() < end;) {
      const status = supervisor.rooms()?.status;
      if (status !== undefined && !isWorking(status)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(
      `The trainer has not ended after ${String(STOP_LIMIT_S)} s. It goes on in the background.`,
    );
  };

  const leave = async (): Promise<void> => {
    const question = quitQuestion(supervisor.rooms()?.status ?? null, saves.seconds);
    if (question !== null) {
      const { response } = await dialog.showMessageBox({
        type: 'question',
        message: question.message,
        detail: question.detail,
        buttons: [...question.buttons],
        defaultId: 0,
        cancelId: question.answers.indexOf('cancel'),
        noLink: true,
      });
      const answer = question.answers[response] ?? 'cancel';
      if (answer === 'cancel') return;
      if (answer === 'keep') {
        depart();
        return;
      }
      await stopTraining();
    }
    await endEngine();
    depart();
  };

  // The session ends: nothing is asked, engine and trainer end by the system's own rules and continue at the next start.
  powerMonitor.on('shutdown', () => {
    leaving = true;
  });

  const addFiles = async (paths: readonly string[]): Promise<void> => {
    if (paths.length === 0) return;
    open('data');
    for (const end = seconds() + 30; supervisor.client() === null && seconds() < end;)
      await new Promise((resolve) => setTimeout(resolve, 100));
    ask('Adding files', async (client) => {
      const { refused } = await client.queue.add({ paths: [...paths] });
      if (refused.length > 0)
        throw new Error(refused.map((one) => `${one.path}: ${one.message}`).join('\n'));
    });
  };

  update();
  return {
    show: () => {
      window.show();
    },
    addFiles,
    mayQuit() {
      if (leaving) return true;
      if (asking) return false;
      asking = true;
      leave()
        .catch((error: unknown) => {
          dialog.showErrorBox(
            'Quitting was not completed',
            error instanceof Error ? error.message : String(error),
          );
        })
        .finally(() => {
          asking = false;
        });
      return false;
    },
  };
}

/** The one window: sandboxed, kept to its own page, hidden instead of closed. */
import { BrowserWindow, nativeTheme, screen, type WebContents } from 'electron';
import { isVisible, type Rectangle } from './bounds.ts';
import { PAGE } from './scheme.ts';
import type { Settings, WindowBounds } from './settings.ts';

export interface MainWindow {
  readonly browser: BrowserWindow;
  /** Shows and focuses it, from the tray, a second launch or a notification. */
  show(): void;
  /** Tells the page; kept until the page can hear it. */
  tell(channel: string, value?: unknown): void;
}

export interface WindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly settings: Settings;
  /** Stays in the tray until it is asked for. */
  readonly startHidden: boolean;
  /** Size of the page in per cent, asked whenever a page was loaded. */
  readonly zoom: () => number;
  /** True once the application is on its way out: then closing closes. */
  readonly leaving: () => boolean;
  /** It was hidden instead of closed. */
  readonly hidden: () => void;
}

const DEFAULT_SIZE = { width: 1440, height: 900 };
const SMALLEST = { minWidth: 900, minHeight: 560 };
/** A page that dies again and again is left dead; the tray still works. */
const RELOADS = 3;

export function openWindow(options: WindowOptions): MainWindow {
  const kept = options.settings.get('bounds');
  const browser = new BrowserWindow({
    ...DEFAULT_SIZE,
    ...(kept !== null && isVisible(kept, workAreas()) ? rectangle(kept) : {}),
    ...SMALLEST,
    show: false,
    title: 'Nightshift',
    // The page has a frame of its own; Alt shows the menu, its shortcuts always work.
    autoHideMenuBar: true,
    icon: options.icon,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#111317' : '#FAF9F7',
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  if (kept?.maximized === true) browser.maximize();
  confine(browser.webContents);
  keepBounds(browser, options.settings);

  browser.once('ready-to-show', () => {
    if (!options.startHidden) browser.show();
  });
  browser.on('close', (event) => {
    if (options.leaving()) return;
    event.preventDefault();
    browser.hide();
    options.hidden();
  });

  let listening = false;
  const waiting: (() => void)[] = [];
  // Only another document is deaf: a change of screen, or a refused link, loads none.
  browser.webContents.on('did-navigate', () => {
    listening = false;
  });
  browser.webContents.on('did-finish-load', () => {
    listening = true;
    browser.webContents.setZoomFactor(options.zoom() / 100);
    for (const tell of waiting.splice(0)) tell();
  });
  let deaths = 0;
  browser.webContents.on('render-process-gone', (_event, { reason }) => {
    process.stderr.write(`page: ${reason}\n`);
    deaths += 1;
    if (reason !== 'clean-exit' && deaths <= RELOADS) browser.webContents.reload();
  });
  void browser.loadURL(PAGE).catch((error: unknown) => {
    process.stderr.write(`page: ${String(error)}\n`);
  });

  return {
    browser,
    show() {
      if (browser.isMinimized()) browser.restore();
      browser.show();
      browser.focus();
    },
    tell(channel, value) {
      const send = (): void => {
        browser.webContents.send(channel, value);
      };
      if (listening) send();
      else waiting.push(send);
    },
  };
}

/** No other page, no other window, no embedded view: whatever a page or a dropped link asks for. */
function confine(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', (event, url) => {
    if (url !== PAGE) event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => {
    event.preventDefault();
  });
  // The page copies paths and texts; it needs nothing else of the machine.
  const allowed = (permission: string): boolean => permission === 'clipboard-sanitized-write';
  contents.session.setPermissionRequestHandler((_contents, permission, answer) => {
    answer(allowed(permission));
  });
  contents.session.setPermissionCheckHandler((_contents, permission) => allowed(permission));
  contents.session.setDevicePermissionHandler(() => false);
}

const SETTLE_MS = 500;

function keepBounds(browser: BrowserWindow, settings: Settings): void {
  let timer: NodeJS.Timeout | undefined;
  const keep = (): void => {
    if (browser.isDestroyed() || browser.isMinimized()) return;
    settings.set('bounds', { ...browser.getNormalBounds(), maximized: browser.isMaximized() });
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(keep, SETTLE_MS);
  };
  browser.on('resize', later);
  browser.on('move', later);
  browser.on('close', keep);
  browser.on('closed', () => {
    clearTimeout(timer);
  });
}

const workAreas = (): readonly Rectangle[] =>
  screen.getAllDisplays().map((display) => display.workArea);

const rectangle = ({ x, y, width, height }: WindowBounds): Rectangle => ({ x, y, width, height });

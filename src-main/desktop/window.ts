/** The main window: sandboxed, restricted to its own page, hidden instead of closed. */
import { BrowserWindow, nativeTheme, screen, type WebContents } from 'electron';
import { isVisible, type Rectangle } from './bounds.ts';
import { PAGE } from './scheme.ts';
import type { Settings, WindowBounds } from './settings.ts';

export interface MainWindow {
  readonly browser: BrowserWindow;
  /** Shows and focuses the window. */
  show(): void;
  /** Sends a message to the page, after it has loaded. */
  send(channel: string, value?: unknown): void;
}

export interface WindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly settings: Settings;
  /** Only the tray icon is shown at first. */
  readonly startHidden: boolean;
  /** Zoom in percent, applied whenever a page has loaded. */
  readonly zoom: () => number;
  /** True if closing the window must close it instead of hiding it. */
  readonly isQuitting: () => boolean;
  /** Called after the window was hidden instead of closed. */
  readonly onHide: () => void;
}

const DEFAULT_SIZE = { width: 1440, height: 900 };
const MIN_SIZE = { minWidth: 900, minHeight: 560 };
/** A page that keeps crashing is not reloaded any more; the tray still works. */
const MAX_RELOADS = 3;

export function openWindow(options: WindowOptions): MainWindow {
  const bounds = options.settings.get('bounds');
  const browser = new BrowserWindow({
    ...DEFAULT_SIZE,
    ...(bounds !== null && isVisible(bounds, workAreas()) ? rectangle(bounds) : {}),
    ...MIN_SIZE,
    show: false,
    title: 'Nightshift',
    // Alt shows the menu; its shortcuts work either way.
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
  if (bounds?.maximized === true) browser.maximize();
  confine(browser.webContents);
  saveBounds(browser, options.settings);

  browser.once('ready-to-show', () => {
    if (!options.startHidden) browser.show();
  });
  browser.on('close', (event) => {
    if (options.isQuitting()) return;
    event.preventDefault();
    browser.hide();
    options.onHide();
  });

  let isLoaded = false;
  const pending: (() => void)[] = [];
  // Not fired by a change of screen or a blocked link, which load no document.
  browser.webContents.on('did-navigate', () => {
    isLoaded = false;
  });
  browser.webContents.on('did-finish-load', () => {
    isLoaded = true;
    browser.webContents.setZoomFactor(options.zoom() / 100);
    for (const send of pending.splice(0)) send();
  });
  let crashes = 0;
  browser.webContents.on('render-process-gone', (_event, { reason }) => {
    process.stderr.write(`page: ${reason}\n`);
    crashes += 1;
    if (reason !== 'clean-exit' && crashes <= MAX_RELOADS) browser.webContents.reload();
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
    send(channel, value) {
      const send = (): void => {
        browser.webContents.send(channel, value);
      };
      if (isLoaded) send();
      else pending.push(send);
    },
  };
}

/**
 * Blocks navigation to other pages, new windows, embedded views and permissions the page does not
 * need.
 */
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
  // The page only writes to the clipboard.
  const isAllowed = (permission: string): boolean => permission === 'clipboard-sanitized-write';
  contents.session.setPermissionRequestHandler((_contents, permission, answer) => {
    answer(isAllowed(permission));
  });
  contents.session.setPermissionCheckHandler((_contents, permission) => isAllowed(permission));
  contents.session.setDevicePermissionHandler(() => false);
}

const SAVE_DELAY_MS = 500;

function saveBounds(browser: BrowserWindow, settings: Settings): void {
  let timer: NodeJS.Timeout | undefined;
  const save = (): void => {
    if (browser.isDestroyed() || browser.isMinimized()) return;
    settings.set('bounds', { ...browser.getNormalBounds(), maximized: browser.isMaximized() });
  };
  const saveLater = (): void => {
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_DELAY_MS);
  };
  browser.on('resize', saveLater);
  browser.on('move', saveLater);
  browser.on('close', save);
  browser.on('closed', () => {
    clearTimeout(timer);
  });
}

const workAreas = (): readonly Rectangle[] =>
  screen.getAllDisplays().map((display) => display.workArea);

const rectangle = ({ x, y, width, height }: WindowBounds): Rectangle => ({ x, y, width, height });

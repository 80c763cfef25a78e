/**
 * Application life cycle: single instance, files to open, workspace, and the creation of the
 * desktop.
 */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { app, protocol } from 'electron';
import { Desktop } from './desktop.ts';
import { HIDDEN } from './login.ts';
import { SCHEME } from './scheme.ts';
import { openSettings } from './settings.ts';
import { chooseWorkspace, datasetsAmong, withRecent } from './workspace.ts';

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/**
 * Program and arguments. An AppImage is mounted at a new path each time, so the AppImage file
 * itself is started.
 */
function startCommand(): readonly string[] {
  const image = process.env['APPIMAGE'];
  if (image !== undefined && image !== '') return [image];
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()];
}

export function startDesktop(): void {
  // Chromium reorders the arguments it forwards to the first instance, so they are sent again as
  // data.
  if (!app.requestSingleInstanceLock({ argv: process.argv, cwd: process.cwd() })) {
    app.exit(0);
    return;
  }
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);

  let desktop: Desktop | null = null;
  const pendingFiles: string[] = [...datasetsAmong(process.argv, process.cwd(), isFile)];
  const add = (paths: readonly string[]): void => {
    if (desktop === null) pendingFiles.push(...paths);
    else if (paths.length > 0) void desktop.addFiles(paths);
  };

  app.on('second-instance', (_event, argv, cwd, data) => {
    const launch = data as { argv?: unknown; cwd?: unknown } | undefined;
    const args = Array.isArray(launch?.argv) ? launch.argv.map(String) : argv;
    add(datasetsAmong(args, typeof launch?.cwd === 'string' ? launch.cwd : cwd, isFile));
    desktop?.show();
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    add([path]);
  });
  app.on('activate', () => {
    desktop?.show();
  });
  // Without this listener, Electron would quit when the window is destroyed.
  app.on('window-all-closed', () => undefined);
  app.on('before-quit', (event) => {
    if (desktop?.mayQuit() === false) event.preventDefault();
  });

  void app.whenReady().then(() => {
    const settings = openSettings();
    const recent = settings.get('recentWorkspaces');
    const workspace = chooseWorkspace({
      argv: process.argv,
      env: process.env,
      lastUsed: recent[0] ?? null,
      home: homedir(),
      cwd: process.cwd(),
    });
    settings.set('recentWorkspaces', withRecent(recent, workspace));
    const built = join(__dirname, '..');
    desktop = new Desktop({
      workspace,
      settings,
      page: join(built, 'renderer'),
      preload: join(built, 'preload', 'bridge.cjs'),
      icons: join(built, '..', 'resources', 'icons'),
      startHidden: process.argv.includes(HIDDEN),
      command: startCommand(),
    });
    add(pendingFiles.splice(0));
  });
}

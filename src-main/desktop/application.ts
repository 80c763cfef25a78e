/** Composes the desktop: one instance, one supervisor, one window, and everything that shows how it stands. */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { app, protocol } from 'electron';
import { createDesktop, type Desktop } from './desktop.ts';
import { HIDDEN } from './login.ts';
import { SCHEME } from './scheme.ts';
import { openSettings } from './settings.ts';
import { chooseWorkspace, datasetsAmong, withRecent } from './workspace.ts';

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** An AppImage is mounted anew at each start: its own file is what starts it. In a checkout Electron is given the folder. */
function startCommand(): readonly string[] {
  const image = process.env['APPIMAGE'];
  if (image !== undefined && image !== '') return [image];
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()];
}

export function startDesktop(): void {
  // Chromium rearranges the arguments that it forwards; ours travel beside them.
  if (!app.requestSingleInstanceLock({ argv: process.argv, cwd: process.cwd() })) {
    app.exit(0);
    return;
  }
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);

  let desktop: Desktop | null = null;
  const early: string[] = [...datasetsAmong(process.argv, process.cwd(), isFile)];
  const add = (paths: readonly string[]): void => {
    if (desktop === null) early.push(...paths);
    else if (paths.length > 0) void desktop.addFiles(paths);
  };

  app.on('second-instance', (_event, argv, cwd, data) => {
    const sent = data as { argv?: unknown; cwd?: unknown } | undefined;
    const theirs = Array.isArray(sent?.argv) ? sent.argv.map(String) : argv;
    add(datasetsAmong(theirs, typeof sent?.cwd === 'string' ? sent.cwd : cwd, isFile));
    desktop?.show();
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    add([path]);
  });
  app.on('activate', () => {
    desktop?.show();
  });
  // The window hides; without this listener Electron would quit when it is destroyed.
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
      remembered: recent[0] ?? null,
      home: homedir(),
      cwd: process.cwd(),
    });
    settings.set('recentWorkspaces', withRecent(recent, workspace));
    const built = join(__dirname, '..');
    desktop = createDesktop({
      workspace,
      settings,
      page: join(built, 'renderer'),
      preload: join(built, 'preload', 'bridge.cjs'),
      icons: join(built, '..', 'resources', 'icons'),
      startHidden: process.argv.includes(HIDDEN),
      command: startCommand(),
    });
    add(early.splice(0));
  });
}

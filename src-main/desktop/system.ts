/** The parts of the desktop that depend on Electron's `app` and on the environment of the process. */
import { app } from 'electron';
import { engineProgram } from './engine-program.ts';
import { createLogin, HIDDEN, type Login } from './login.ts';
import { createSupervisor, type Supervisor, type SupervisorListener } from './supervisor/index.ts';

/** `command`: starts this application, program first. */
export function systemLogin(command: readonly string[]): Login {
  return createLogin({
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
  });
}

/** `log`: file for the output of the engine. */
export function superviseEngine(
  workspace: string,
  log: string,
  listener: SupervisorListener,
): Supervisor {
  return createSupervisor({
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
    listener,
  });
}

/** Opens another workspace: the application quits, with the questions that quitting asks, and starts again with it. */
import { resolve } from 'node:path';
import { app } from 'electron';
import type { Settings } from './settings.ts';
import { prepareWorkspace } from './workspace-folder.ts';
import { withRecent, withWorkspace } from './workspace.ts';

export interface WorkspaceSwitch {
  /** Resolves to what is wrong with the folder, or null. */
  readonly open: (folder: unknown) => Promise<string | null>;
  /** The user chose not to quit. */
  readonly cancel: () => void;
  /** Call it when the application quits: starts it again if another workspace was chosen. */
  readonly restart: () => void;
}

export function createWorkspaceSwitch(workspace: string, settings: Settings): WorkspaceSwitch {
  let next: string | null = null;
  return {
    async open(folder) {
      const problem = await prepareWorkspace(folder, workspace);
      if (problem !== null) return problem;
      next = resolve(String(folder));
      app.quit();
      return null;
    },
    cancel() {
      next = null;
    },
    restart() {
      if (next === null) return;
      settings.set('recentWorkspaces', withRecent(settings.get('recentWorkspaces'), next));
      const image = process.env['APPIMAGE'];
      app.relaunch({
        args: [...withWorkspace(process.argv.slice(1), next)],
        ...(image === undefined || image === '' ? {} : { execPath: image }),
      });
    },
  };
}

/** Host in a browser: authenticated by cookie, files are uploaded. */
import { askForFiles, filesOf, usableFiles } from './files.ts';
import type { Chosen, Host } from './index.ts';

const noListener = (): (() => void) => () => undefined;

export function createBrowserHost(): Host {
  const choose = async (folder: boolean): Promise<Chosen> => ({
    kind: 'files',
    ...usableFiles(await askForFiles(folder), folder),
  });
  return {
    capabilities: { nativePaths: false, chooseFolderPath: false, notifications: false },
    openSocket() {
      const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
      return Promise.resolve(new WebSocket(`${scheme}://${location.host}/ws`));
    },
    dropped: async (transfer) => ({ kind: 'files', ...(await filesOf(transfer)) }),
    chooseFiles: () => choose(false),
    chooseFolder: () => choose(true),
    chooseFolderPath: () => Promise.resolve(null),
    openFolder: null,
    openWorkspace: null,
    preferences: null,
    onStartProblem: noListener,
    onAct: noListener,
    onOpen: noListener,
    onConnection: noListener,
  };
}

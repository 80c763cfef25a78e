/** Host in a browser: signed in by cookie and page key, files are uploaded. */
import { askForFiles, filesOf, usableFiles } from './files.ts';
import type { Chosen, Host } from './index.ts';
import { askForSignIn, keepPageKey, pageKey } from './page-key.ts';

const noListener = (): (() => void) => () => undefined;

/** A closed socket doesn't say why: the session may have been revoked, or the engine has ended. */
async function checkSession(key: string): Promise<void> {
  const headers = { 'x-nightshift-page': key };
  const status = await fetch('/api/access', { headers }).then(
    (answer) => answer.status,
    () => 0,
  );
  if (status === 401) askForSignIn();
}

export function createBrowserHost(): Host {
  keepPageKey();
  const choose = async (folder: boolean): Promise<Chosen> => ({
    kind: 'files',
    ...usableFiles(await askForFiles(folder), folder),
  });
  return {
    capabilities: { nativePaths: false, chooseFolderPath: false, notifications: false },
    async openSocket() {
      const key = await pageKey();
      if (key === null) {
        askForSignIn();
        throw new Error('This page is not signed in.');
      }
      const socket = new WebSocket(`ws://${location.host}/ws`, [
        'nightshift',
        `nightshift.page.${key}`,
      ]);
      socket.addEventListener('close', () => void checkSession(key));
      return socket;
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

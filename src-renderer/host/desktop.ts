/** Host in the desktop window: tickets from the main process, paths instead of uploads, native dialogs. */
import type { NightshiftBridge } from '../../src-main/contract/host.ts';
import type { Host } from './index.ts';

declare global {
  interface Window {
    readonly nightshift: NightshiftBridge;
  }
}

export function createDesktopHost(bridge: NightshiftBridge): Host {
  return {
    capabilities: { nativePaths: true, chooseFolderPath: true, notifications: true },
    async openSocket() {
      const { url, ticket } = await bridge.connection();
      return new WebSocket(url, ['nightshift', `nightshift.ticket.${ticket}`]);
    },
    dropped(transfer) {
      const files = [...transfer.files];
      const paths = files.map((file) => bridge.pathOf(file));
      // A file created in a page has no path, so its bytes are uploaded.
      return Promise.resolve(
        paths.every((path) => path !== '')
          ? { kind: 'paths', paths }
          : { kind: 'files', files, ignored: 0 },
      );
    },
    chooseFiles: async () => ({ kind: 'paths', paths: await bridge.chooseFiles() }),
    async chooseFolder() {
      const folder = await bridge.chooseFolder();
      return { kind: 'paths', paths: folder === null ? [] : [folder] };
    },
    chooseFolderPath: () => bridge.chooseFolder(),
    openFolder: (path) => bridge.openFolder(path),
    openWorkspace: (path) => bridge.openWorkspace(path),
    preferences: {
      get: () => bridge.settings(),
      change: (change) => bridge.changeSettings(change),
      onChange: (listener) => bridge.onSettings(listener),
    },
    onStartProblem(listener) {
      void bridge.startProblem().then(listener);
      return bridge.onStartProblem(listener);
    },
    onAct: (listener) => bridge.onAction(listener),
    onOpen: (listener) => bridge.onOpen(listener),
    onConnection: (listener) => bridge.onConnection(listener),
  };
}

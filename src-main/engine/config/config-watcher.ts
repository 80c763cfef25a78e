/** Notices edits of config.json. */
import { watch } from 'chokidar';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';

/** File events get lost on some file systems. */
const RELOAD_SECONDS = 5;
/** An editor may still be writing. */
const STABLE_MS = 200;
const STABLE_POLL_MS = 50;

/** Resolves once edits are noticed; returns how to stop. */
export async function watchConfigFile(
  paths: WorkspacePaths,
  clock: Clock,
  reload: () => Promise<void>,
): Promise<() => Promise<void>> {
  // The folder is watched, because a rename over the file ends a watch on the file itself.
  const watcher = watch(paths.root, {
    depth: 0,
    ignoreInitial: true,
    awaitWriteFinish: { stabilityThreshold: STABLE_MS, pollInterval: STABLE_POLL_MS },
    ignored: (name) => name !== paths.root && name !== paths.config,
  });
  const onEvent = (): void => void reload();
  watcher
    .on('add', onEvent)
    .on('change', onEvent)
    .on('unlink', onEvent)
    .on('error', () => undefined);
  // An edit before the watcher is ready would be taken for the initial state.
  await new Promise<void>((resolve) => {
    watcher.once('ready', resolve).once('error', () => {
      resolve();
    });
  });
  const stopReloading = clock.every(RELOAD_SECONDS, reload);
  return async () => {
    stopReloading();
    await watcher.close();
  };
}

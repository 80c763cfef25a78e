/** Arguments of `makeBackup` for a folder, without an engine. */
import type { makeBackup } from '../../src-main/engine/backups/making.ts';
import type { BackupStore } from '../../src-main/engine/backups/store.ts';
import type { Threads } from '../../src-main/engine/backups/threads.ts';
import type { WorkspacePaths } from '../../src-main/formats/workspace.ts';
import { systemClock } from '../../src-main/kit/index.ts';

/** The rooms that a backup of a folder never asks are absent. */
export function folderBackup(options: {
  readonly paths: WorkspacePaths;
  readonly store: BackupStore;
  readonly threads: Threads;
  readonly folder: string;
  readonly reason?: string;
}): Parameters<typeof makeBackup> {
  const { paths, store, threads, folder, reason = 'r' } = options;
  const none = undefined as never;
  return [
    {
      paths,
      lineage: none,
      versions: none,
      trainer: none,
      disk: { reserve: () => Promise.resolve(), release: () => undefined } as never,
      clock: systemClock,
      store,
      threads,
    },
    { source: { kind: 'folder', path: folder }, type: 'manual', reason, by: 't' },
  ];
}

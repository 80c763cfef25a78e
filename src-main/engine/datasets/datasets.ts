/** Puts the datasets module together. */
import { mkdir } from 'node:fs/promises';
import type { DatasetSummary } from '../../contract/index.ts';
import { Emitter } from '../../kit/emitter.ts';
import { clientDatasets } from './client-datasets.ts';
import { watchFolders } from './folder-watcher.ts';
import { Inbox } from './inbox.ts';
import { createParts, type DatasetsOptions } from './parts.ts';
import { passDatasets } from './pass-datasets.ts';
import { placeFolders } from './place-folders.ts';

export type DatasetsRoom = Awaited<ReturnType<typeof createDatasets>>;

export async function createDatasets(options: DatasetsOptions) {
  const changed = new Emitter<void>();
  const verdict = new Emitter<DatasetSummary>();
  const { paths, clock, config } = options;
  for (const { folder } of placeFolders(paths)) await mkdir(folder, { recursive: true });
  for (const folder of [paths.inbox, paths.inboxPart, paths.datasets])
    await mkdir(folder, { recursive: true });
  const parts = await createParts(options, changed, verdict);
  const inbox = new Inbox({
    folder: paths.inbox,
    clock,
    newId: parts.newId,
    accept: async (entry) => {
      const record = await parts.ingest.takeFromInbox(entry);
      if (entry.bytes === 0) await parts.fail(record.meta.id, `${entry.name} is empty.`);
      // The rest of the inbox may take a while to move.
      else parts.validateNext();
    },
  });
  parts.list.inbox = inbox;
  const watcher = watchFolders({
    ...parts,
    paths,
    clock,
    inbox,
    interval: () => config.values().poll_interval,
    failed: options.failed,
  });
  const stopConfig = config.changed.on(parts.changed);
  for (const name of await parts.uploads.removeStale())
    options.journal.write({
      what: 'datasets.tidy',
      text: `Removed the unfinished upload ${name}: not continued for 7 days.`,
    });
  return {
    changed,
    /** Emitted when a verdict was reached. */
    verdict,
    ...clientDatasets(parts),
    ...passDatasets(parts),
    /** Checks the folders now instead of at the next interval. */
    reconcile: (): Promise<void> => watcher.check(),
    async close(): Promise<void> {
      stopConfig();
      await watcher.close();
    },
  };
}

/** Checks the folders when the file watcher reports a change, and on a timer in case it doesn't. */
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { CompletenessWatch } from './completeness.ts';
import type { DatasetStore } from './dataset-store.ts';
import { FolderEvents } from './folder-events.ts';
import type { Inbox } from './inbox.ts';
import { placeFolders } from './place-folders.ts';
import type { Validation } from './validation.ts';

export interface FolderWatcher {
  /** Checks all folders now. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export function watchFolders(options: {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly store: DatasetStore;
  readonly inbox: Inbox;
  readonly validation: Validation;
  /** Seconds between checks when the watcher reports nothing. */
  readonly interval: () => number;
  readonly changed: () => void;
  readonly fail: (id: string, reason: string) => Promise<void>;
  readonly failed: (where: string, error: unknown) => void;
}): FolderWatcher {
  const completeness = new CompletenessWatch(() => options.clock.monotonic());
  let isDirty = true;
  /** By a client: not put off. */
  let isAsked = false;
  let lastCheck = -Infinity;
  let running: Promise<void> | null = null;

  /** Files that were put into a queue folder by hand may still be being copied. */
  async function checkIncomplete(): Promise<void> {
    const records = options.store
      .all()
      .filter((record) => record.place === 'queue' && !record.meta.complete);
    const answers = await completeness.check(records.map((record) => record.file));
    for (const { file, meta } of records) {
      const answer = answers.get(file);
      if (answer === undefined) continue;
      if (!answer.complete) {
        options.validation.setMessage(meta.id, answer.reason);
        options.changed();
        continue;
      }
      options.validation.setMessage(meta.id, null);
      completeness.forget(file);
      if (answer.bytes === 0) await options.fail(meta.id, `${meta.name} is empty.`);
      else await options.store.update(meta.id, { complete: true });
    }
  }

  async function checkFolders(): Promise<void> {
    const isDue = options.clock.monotonic() - lastCheck >= options.interval();
    const hasIncomplete = options.inbox.entries().some((entry) => entry.state === 'waiting');
    if (isAsked || ((isDirty || isDue) && !options.inbox.isResting)) {
      isAsked = false;
      isDirty = false;
      lastCheck = options.clock.monotonic();
      await events.sync();
      if (await options.store.reconcile()) options.changed();
      if (await options.inbox.scan()) options.changed();
    } else if (hasIncomplete && !options.inbox.isResting && (await options.inbox.scan()))
      options.changed();
    await checkIncomplete();
  }

  /** One check at a time. After an error the next check tries again. */
  function check(): Promise<void> {
    running ??= checkFolders()
      .catch((error: unknown) => {
        options.failed('datasets.watch', error);
      })
      .finally(() => {
        running = null;
        options.validation.tick().catch((error: unknown) => {
          options.failed('datasets.validation', error);
        });
      });
    return running;
  }

  const folders = [options.paths.inbox, ...placeFolders(options.paths).map(({ folder }) => folder)];
  const events = new FolderEvents(folders, () => {
    isDirty = true;
  });
  const stop = options.clock.every(1, check);
  void check();
  return {
    async check() {
      await running;
      isAsked = true;
      await check();
    },
    async close() {
      stop();
      events.close();
      await running;
    },
  };
}

/** When the folders are looked at: at once when the watcher says so, and by a timer whether or not it works. */
import { watch } from 'chokidar';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { CompletenessWatch } from './completeness.ts';
import type { Inbox } from './inbox.ts';
import type { Validation } from './validation.ts';
import { placeFolders, type DatasetStore } from './dataset-store.ts';

export interface Looking {
  now(): Promise<void>;
  close(): Promise<void>;
}

export function startLooking(options: {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly shelf: DatasetStore;
  readonly inbox: Inbox;
  readonly validation: Validation;
  /** Seconds between reconciliations when nothing is noticed. */
  readonly interval: () => number;
  readonly tell: () => void;
  readonly fail: (id: string, reason: string) => Promise<void>;
  readonly failed: (where: string, error: unknown) => void;
}): Looking {
  const handWatch = new CompletenessWatch(() => options.clock.monotonic());
  let isDirty = true;
  let last = -Infinity;
  let under: Promise<void> | null = null;

  /** Files that somebody put into a queue folder by hand are watched until they are complete. */
  async function lookAtHandPlaced(): Promise<void> {
    const open = options.shelf
      .all()
      .filter((item) => item.place === 'queue' && !item.meta.complete);
    const answers = await handWatch.look(open.map((item) => item.file));
    for (const item of open) {
      const answer = answers.get(item.file);
      if (answer === undefined) continue;
      if (!answer.complete) {
        options.validation.say(item.meta.id, answer.reason);
        options.tell();
        continue;
      }
      options.validation.say(item.meta.id, null);
      handWatch.forget(item.file);
      if (answer.bytes === 0) await options.fail(item.meta.id, `${item.meta.name} is empty.`);
      else await options.shelf.note(item.meta.id, { complete: true });
    }
  }

  async function look(): Promise<void> {
    const isDue = options.clock.monotonic() - last >= options.interval();
    const isAwaited = options.inbox.entries().some((entry) => entry.state === 'waiting');
    if (isDirty || isDue) {
      isDirty = false;
      last = options.clock.monotonic();
      if (await options.shelf.reconcile()) options.tell();
      if (await options.inbox.look()) options.tell();
    } else if (isAwaited && (await options.inbox.look())) options.tell();
    await lookAtHandPlaced();
  }

  /** One look at a time. What goes wrong in one is told and looked at again in the next. */
  function lookOnce(): Promise<void> {
    under ??= look()
      .catch((error: unknown) => {
        options.failed('datasets.look', error);
      })
      .finally(() => {
        under = null;
        options.validation.tick().catch((error: unknown) => {
          options.failed('datasets.validation', error);
        });
      });
    return under;
  }

  const folders = [options.paths.inbox, ...placeFolders(options.paths).map(({ folder }) => folder)];
  const watcher = watch(folders, { ignoreInitial: true, depth: 4, ignored: /[/\\]\.[^/\\]+$/ });
  watcher.on('all', () => {
    isDirty = true;
  });
  watcher.on('error', (error) => {
    options.failed('datasets.watch', error);
  });
  const stop = options.clock.every(1, lookOnce);
  void lookOnce();
  return {
    async now() {
      await under;
      isDirty = true;
      await lookOnce();
    },
    async close() {
      stop();
      await watcher.close();
      await under;
    },
  };
}

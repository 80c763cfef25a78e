/** When the folders are looked at: at once when the watcher says so, and by a timer whether or not it works. */
import { watch } from 'chokidar';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import { CompletenessWatch } from './completeness.ts';
import type { Inbox } from './inbox.ts';
import type { Judging } from './judging.ts';
import { placeFolders, type Shelf } from './shelf.ts';

export interface Looking {
  now(): Promise<void>;
  close(): Promise<void>;
}

export function startLooking(o: {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly shelf: Shelf;
  readonly inbox: Inbox;
  readonly judging: Judging;
  /** Seconds between reconciliations when nothing is noticed. */
  readonly interval: () => number;
  readonly tell: () => void;
  readonly fail: (id: string, reason: string) => Promise<void>;
  readonly failed: (where: string, error: unknown) => void;
}): Looking {
  const handWatch = new CompletenessWatch(() => o.clock.monotonic());
  let isDirty = true;
  let last = -Infinity;
  let under: Promise<void> | null = null;

  /** Files that somebody put into a queue folder by hand are watched until they are complete. */
  async function lookAtHandPlaced(): Promise<void> {
    const open = o.shelf.all().filter((item) => item.place === 'queue' && !item.meta.complete);
    const answers = await handWatch.look(open.map((item) => item.file));
    for (const item of open) {
      const answer = answers.get(item.file);
      if (answer === undefined) continue;
      if (!answer.complete) {
        o.judging.say(item.meta.id, answer.reason);
        o.tell();
        continue;
      }
      o.judging.say(item.meta.id, null);
      handWatch.forget(item.file);
      if (answer.bytes === 0) await o.fail(item.meta.id, `${item.meta.name} is empty.`);
      else await o.shelf.note(item.meta.id, { complete: true });
    }
  }

  async function look(): Promise<void> {
    const isDue = o.clock.monotonic() - last >= o.interval();
    const isAwaited = o.inbox.entries().some((entry) => entry.state === 'waiting');
    if (isDirty || isDue) {
      isDirty = false;
      last = o.clock.monotonic();
      if (await o.shelf.reconcile()) o.tell();
      if (await o.inbox.look()) o.tell();
    } else if (isAwaited && (await o.inbox.look())) o.tell();
    await lookAtHandPlaced();
  }

  /** One look at a time. What goes wrong in one is told and looked at again in the next. */
  function lookOnce(): Promise<void> {
    under ??= look()
      .catch((error: unknown) => {
        o.failed('datasets.look', error);
      })
      .finally(() => {
        under = null;
        o.judging.tick().catch((error: unknown) => {
          o.failed('datasets.judging', error);
        });
      });
    return under;
  }

  const folders = [o.paths.inbox, ...placeFolders(o.paths).map(({ folder }) => folder)];
  const watcher = watch(folders, { ignoreInitial: true, depth: 4, ignored: /[/\\]\.[^/\\]+$/ });
  watcher.on('all', () => {
    isDirty = true;
  });
  watcher.on('error', (error) => {
    o.failed('datasets.watch', error);
  });
  const stop = o.clock.every(1, lookOnce);
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

/**
 * Notices: listens to every room and tells the user what happened, at most one of a kind in 10 minutes, then one summary.
 * Promises: the last 50 survive a restart; a dismissed one stays dismissed.
 * Never: decides anything, is imported by another room.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Notice, notice, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import { createSerializer } from '../../kit/serializer.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { BackupsRoom } from '../backups/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import { isSelfHealing, type QueueRoom } from '../queue/index.ts';
import type { RestoreRoom } from '../restore/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { createThrottle } from './throttle.ts';
import * as words from './messages.ts';

const kept = 50;
const saveAgainAfter = 30;
const noticesFile = z.object({ format: z.literal(1), notices: z.array(notice) });

export type NoticesRoom = Awaited<ReturnType<typeof createNotices>>;

export async function createNotices(options: {
  readonly paths: WorkspacePaths;
  readonly backups: Pick<BackupsRoom, 'damaged'>;
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly queue: QueueRoom;
  readonly restore: Pick<RestoreRoom, 'news'>;
  readonly trainer: TrainerRoom;
  readonly checkpoints: Pick<CheckpointsRoom, 'newest'>;
  readonly clock: Clock;
  readonly random: () => string;
  readonly failed: (where: string, error: unknown) => void;
}) {
  const file = options.paths.notices;
  const known = noticesFile.safeParse(await readJson(file).catch(() => null));
  let notices: readonly Notice[] = known.success ? known.data.notices : [];
  const changed = new Emitter<void>();
  const writes = createSerializer();
  let stopRetry = (): void => undefined;

  function publish(text: words.NoticeText): void {
    const t = options.clock.now();
    notices = [
      {
        ...text,
        id: `n-${Math.round(t * 1000).toString(36)}-${options.random()}`,
        t,
        dismissed: false,
      },
      ...notices,
    ].slice(0, kept);
    save();
  }
  function save(): void {
    changed.emit(undefined);
    const value = { format: 1, notices };
    void writes
      .run(async () => {
        await mkdir(path.dirname(file), { recursive: true });
        await writeJson(file, value);
      })
      .catch((error: unknown) => {
        options.failed('notices.save', error);
        // A notice that tells of a full disk must not be lost by it.
        stopRetry();
        stopRetry = options.clock.after(saveAgainAfter, save);
      });
  }
  const throttle = createThrottle(options.clock, publish);
  /** What a notice asked for has been done: it asks no longer. */
  function settled(title: string): void {
    if (!notices.some((notice) => notice.title === title && !notice.dismissed)) return;
    notices = notices.map((notice) =>
      notice.title === title ? { ...notice, dismissed: true } : notice,
    );
    save();
  }

  let crash: { readonly cause: string; readonly category: string } | null = null;
  let wasBelowFloor = false;
  /** Saving has been told to wait; told once, until a checkpoint is there again. */
  let isSaveWaiting = false;
  let driftSeen = '';
  const decided = new Map<string, string>();

  /** Tells with the step that is saved, null when none is. */
  function withCheckpoint(where: string, tell: (saved: number | null) => void): void {
    void options.checkpoints
      .newest()
      .then((checkpoint) => {
        tell(checkpoint?.step ?? null);
      })
      .catch((error: unknown) => {
        options.failed(`notices.${where}`, error);
      });
  }

  const stops = [
    options.queue.news.on((news) => {
      switch (news.kind) {
        case 'done':
          throttle.tell(words.datasetDone(news));
          break;
        case 'failed':
          throttle.tell(words.datasetFailed(news.dataset.name, news.reason, news.next));
          break;
        case 'quarantined':
          throttle.tell(words.quarantined(news.name, news.why));
          break;
        case 'not_ready':
          throttle.tell(
            isSelfHealing(news.category)
              ? words.waits(news.message)
              : words.gaveUp(news.category, news.message, news.step),
          );
          break;
        case 'empty':
          throttle.tell(words.queueEmpty({ ...news, seconds: options.clock.now() - news.since }));
          break;
      }
    }),
    options.datasets.verdict.on((dataset) => {
      if (dataset.verdict === 'refused')
        throttle.tell(words.datasetRefused(dataset.name, dataset.message ?? 'refused'));
      if (dataset.verdict !== 'needs_decision') {
        decided.delete(dataset.id);
        settled(words.decide(dataset.name, null).title);
        return;
      }
      if (decided.get(dataset.id) === dataset.decision) return;
      decided.set(dataset.id, dataset.decision ?? '');
      throttle.tell(words.decide(dataset.name, dataset.message));
    }),
    options.trainer.events.on((event) => {
      const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
      switch (event.type) {
        case 'crashed':
          crash = { cause: String(event.message), category: String(event.category) };
          break;
        case 'restarted':
          throttle.tell(
            words.recovered({
              seconds: number(event.seconds) ?? 0,
              cause: crash?.cause ?? 'the trainer ended',
              step: number(event.step),
              lost: number(event.lost_steps),
            }),
          );
          crash = null;
          break;
        case 'hang_killed':
          withCheckpoint('hang', (saved) => {
            const at = options.trainer.view().heartbeat?.step ?? null;
            throttle.tell(words.hang(at, number(event.age_s), saved));
          });
          break;
        case 'checkpoint_failed':
          if (isSaveWaiting) break;
          isSaveWaiting = true;
          withCheckpoint('save', (saved) => {
            throttle.tell(
              words.saveWaits(
                number(event.step),
                saved,
                number(event.free_bytes),
                number(event.needed_bytes),
              ),
            );
          });
          break;
        case 'checkpoint':
          isSaveWaiting = false;
          break;
        case 'checkpoint_skipped':
          throttle.tell(
            words.checkpointDamaged(path.basename(String(event.folder)), String(event.reason)),
          );
          break;
        case 'orphaned_steps':
          throttle.tell(
            words.lostWithCheckpoint(
              options.datasets.meta(String(event.dataset))?.name ?? String(event.dataset),
              number(event.steps) ?? 0,
            ),
          );
          break;
        case 'non_finite':
          throttle.tell(
            words.notANumber(
              number(event.step),
              String(event.what),
              Array.isArray(event.rows)
                ? event.rows.filter((row): row is number => typeof row === 'number')
                : [],
            ),
          );
          break;
        case 'weights_not_finite':
          throttle.tell(words.weightsNotFinite(number(event.step), number(event.saved)));
          break;
        case 'out_of_memory': {
          const config = options.queue.open()?.pass.config ?? options.config.values();
          throttle.tell(
            words.outOfMemory(
              number(event.step),
              number(event.micro_batch_from),
              number(event.micro_batch_to),
              config.batch_size * config.gradient_accumulation,
            ),
          );
          break;
        }
      }
    }),
    options.restore.news.on(({ kind, title, message }) => {
      throttle.tell(words.restored(kind, title, message));
    }),
    options.backups.damaged.on(({ id, problem }) => {
      throttle.tell(words.backupDamaged(id, problem));
    }),
    options.disk.changed.on(() => {
      const { freeGb, floorGb } = options.disk.reading();
      if (freeGb === null || floorGb === null) return;
      const isBelow = freeGb < floorGb;
      if (isBelow && !wasBelowFloor) throttle.tell(words.disk(freeGb, floorGb));
      wasBelowFloor = isBelow;
    }),
    options.config.changed.on((state) => {
      const keys = state.drift.map((drift) => drift.key);
      const text = keys.join(',');
      if (text !== '' && text !== driftSeen) throttle.tell(words.drift(keys));
      driftSeen = text;
    }),
  ];

  return {
    changed,
    /** Newest first. */
    list: (): readonly Notice[] => notices,
    dismiss(id: string): void {
      if (!notices.some((notice) => notice.id === id))
        throw new Refusal('NOT_FOUND', 'There is no such notice.', { subject: id });
      notices = notices.map((notice) =>
        notice.id === id ? { ...notice, dismissed: true } : notice,
      );
      save();
    },
    async close(): Promise<void> {
      for (const stop of stops) stop();
      throttle.close();
      stopRetry();
      await writes.idle();
    },
  };
}

/** Connects the rooms to the notices. */
import type { DatasetSummary } from '../../contract/index.ts';
import type { FileProblem } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import type { BackupsRoom } from '../backups/index.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DatasetsRoom } from '../datasets/index.ts';
import type { BaseModelsRoom } from '../base-models/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { LineageRecovery, LineageRoom } from '../lineage/index.ts';
import { isSelfHealing, type QueueNews, type QueueRoom } from '../queue/index.ts';
import type { RestoreRoom } from '../restore/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import {
  baseCondition,
  type ConditionActions,
  configConditions,
  diskCondition,
  notReadyCondition,
} from './conditions.ts';
import { EventNotices } from './event-notices.ts';
import * as messages from './messages.ts';
import { NoticeStore } from './notice-store.ts';
import { createThrottle } from './throttle.ts';

export type NoticesRoom = Awaited<ReturnType<typeof createNotices>>;

type Notify = (text: messages.NoticeText) => void;

export interface NoticesOptions {
  readonly paths: WorkspacePaths;
  readonly backups: Pick<BackupsRoom, 'damaged'>;
  readonly baseModels: Pick<BaseModelsRoom, 'changed' | 'missingReason' | 'selectedId'>;
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
  readonly disk: DiskRoom;
  readonly lineage: Pick<LineageRoom, 'changed' | 'recovery'>;
  readonly queue: QueueRoom;
  readonly restore: Pick<RestoreRoom, 'news'>;
  readonly damage: { found(): readonly FileProblem[] };
  readonly trainer: TrainerRoom;
  readonly checkpoints: CheckpointsRoom;
  readonly clock: Clock;
  readonly random: () => string;
  readonly failed: (where: string, error: unknown) => void;
}

export async function createNotices(options: NoticesOptions) {
  const store = await NoticeStore.open({ ...options, file: options.paths.notices });
  const throttle = createThrottle(options.clock, store);
  const notify: Notify = (text) => {
    throttle.notify(text);
  };
  const resolve = (condition: string): void => {
    store.resolve(condition);
  };
  const disconnect = connect(options, store, { notify, resolve });
  return {
    changed: store.changed,
    /** Newest first. */
    list: () => store.list(),
    /** Refusal NOT_FOUND. */
    dismiss: (id: string) => {
      store.dismiss(id);
    },
    async close(): Promise<void> {
      disconnect();
      throttle.close();
      await store.close();
    },
  };
}

function connect(
  options: NoticesOptions,
  store: NoticeStore,
  actions: ConditionActions,
): () => void {
  const { notify, resolve } = actions;
  const events = eventNotices(options, actions);
  const onVerdict = verdictNotices(store, notify);
  const onConfig = configConditions(actions);
  const onDisk = diskCondition(actions, options.disk);
  const onBase = baseCondition(actions, options.baseModels);
  const onQueue = notReadyCondition(actions, options.queue);
  const onLineage = lineageNotices(options.lineage, notify);
  const onDatasets = (): void => {
    endDatasetConditions(options.datasets, store, resolve);
  };
  onLineage();
  onConfig(options.config.state());
  onDisk();
  onBase();
  onDatasets();
  // What lineage.json was replaced by has a notice of its own.
  const damaged = options.damage.found().filter(({ file }) => file !== options.paths.lineage);
  if (damaged.length > 0) notify(messages.filesDamaged(damaged));
  for (const { name, text } of options.datasets.recovered())
    notify(messages.fileRecovered(name, text));
  const unsubscribe = [
    options.queue.news.on((news) => {
      notify(queueNotice(news, options.clock.now()));
    }),
    options.datasets.verdict.on(onVerdict),
    options.trainer.events.on((event) => {
      events.onEvent(event);
    }),
    options.restore.news.on(({ kind, title, message }) => {
      notify(messages.restored(kind, title, message));
    }),
    options.backups.damaged.on(({ id, problem }) => {
      notify(messages.backupDamaged(id, problem));
    }),
    options.disk.changed.on(onDisk),
    options.config.changed.on(onConfig),
    options.baseModels.changed.on(onBase),
    options.queue.changed.on(onQueue),
    options.datasets.changed.on(onDatasets),
    options.lineage.changed.on(onLineage),
  ];
  return () => {
    for (const stop of unsubscribe) stop();
  };
}

function queueNotice(news: QueueNews, now: number): messages.NoticeText {
  switch (news.kind) {
    case 'done':
      return messages.datasetDone(news);
    case 'failed':
      return messages.datasetFailed(news.dataset, news.reason, news.next);
    case 'quarantined':
      return messages.rowsQuarantined(news.name, news.count, news.why);
    case 'recovered':
      return messages.fileRecovered(news.name, news.text);
    case 'not_ready':
      return isSelfHealing(news.category)
        ? messages.waiting(news.message)
        : messages.gaveUp(news.category, news.message, news.step);
    case 'empty':
      return messages.queueEmpty({ ...news, seconds: now - news.since });
  }
}

/** A failed dataset was queued again, a refused file was replaced, a decision was made, or the file is gone. */
function endDatasetConditions(
  datasets: Pick<DatasetsRoom, 'list'>,
  store: NoticeStore,
  resolve: (condition: string) => void,
): void {
  const open = store
    .list()
    .flatMap(({ condition, dismissed }) =>
      condition !== undefined && messages.isAboutDataset(condition) && !dismissed
        ? [condition]
        : [],
    );
  if (open.length === 0) return;
  const current = new Set(
    datasets
      .list()
      .flatMap(({ id, place, verdict }) => [
        ...(place === 'failed' ? [messages.failedCondition(id)] : []),
        ...(verdict === 'refused' ? [messages.refusedCondition(id)] : []),
        ...(verdict === 'needs_decision' ? [messages.decisionCondition(id)] : []),
      ]),
  );
  for (const condition of open) if (!current.has(condition)) resolve(condition);
}

function eventNotices(options: NoticesOptions, actions: ConditionActions): EventNotices {
  return new EventNotices({
    ...actions,
    withCheckpoint: (where, run) => {
      options.checkpoints
        .newest()
        .then((checkpoint) => {
          run(checkpoint?.step ?? null);
        })
        .catch((error: unknown) => {
          options.failed(`notices.${where}`, error);
        });
    },
    currentStep: () => options.trainer.view().heartbeat?.step ?? null,
    datasetName: (id) => options.datasets.meta(id)?.name ?? id,
    batchSize: () => {
      const config = options.queue.open()?.pass.config ?? options.config.values();
      return config.batch_size * config.gradient_accumulation;
    },
  });
}

/** Asks for each decision once, and dismisses the notice when it has been made. */
function verdictNotices(store: NoticeStore, notify: Notify): (dataset: DatasetSummary) => void {
  const asked = new Map<string, DatasetSummary['decision']>();
  return ({ id, name, verdict, message, decision }) => {
    if (verdict === 'refused') notify(messages.datasetRefused({ id, name }, message ?? 'refused'));
    if (verdict !== 'needs_decision') {
      asked.delete(id);
      store.resolve(messages.decisionCondition(id));
      return;
    }
    if (asked.has(id) && asked.get(id) === decision) return;
    asked.set(id, decision);
    notify(messages.needsDecision({ id, name }, message));
  };
}

/** One notice for each recovery; the first happens before the notices exist. */
function lineageNotices(lineage: NoticesOptions['lineage'], notify: Notify): () => void {
  let reported: LineageRecovery | null = null;
  return () => {
    const recovery = lineage.recovery();
    if (recovery !== null && recovery !== reported)
      notify(messages.lineageRecovered(recovery.text));
    reported = recovery;
  };
}

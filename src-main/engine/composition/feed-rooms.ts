/** The feed over all rooms: how each part of the snapshot is read, and whose changes affect it. */
import type { LineageState } from '../../contract/index.ts';
import { describeLineage } from '../lineage/index.ts';
import {
  createFeed,
  type Feed,
  type FeedSource,
  type RoomReaders,
  touchFrom,
  writeScriptFiles,
} from '../status/index.ts';
import type { Rooms, SharedOptions } from './rooms.ts';

const SHOWN_PREVIEWS = 20;

export function lineageState(rooms: Rooms): LineageState {
  const { lineage, baseModels, checkpoints, versions, config, datasets, restore } = rooms;
  return describeLineage({
    modelName: config.values().model_name,
    base: baseModels.selected(),
    head: lineage.branch(),
    branches: lineage.branches(),
    ancestry: lineage.ancestry(),
    checkpoints: checkpoints.scanned(),
    versions: versions.list(),
    datasetName: (id) => datasets.nameOf(id),
    restore: restore.state(),
  });
}

function roomReaders(rooms: Rooms): RoomReaders {
  return {
    engine: rooms.facts,
    status: () => rooms.status.get(),
    queue: () => rooms.queue.state(),
    datasets: () => [...rooms.queue.datasets()],
    versions: () => [...rooms.versions.list()],
    lineage: () => lineageState(rooms),
    backups: () => [...rooms.backups.list()],
    notices: () => [...rooms.notices.list()],
    health: () => [...rooms.health.list()],
    config: () => rooms.config.state(),
    machine: () => rooms.status.machine(),
    setup: () => rooms.setup.state(),
    journal: () => [...rooms.journal.recent()],
    previews: () => [...rooms.metrics.previews(SHOWN_PREVIEWS)],
  };
}

/** Which parts of the snapshot a change of each room affects. */
const feedSources = (rooms: Rooms): readonly FeedSource[] => [
  [rooms.status.changed, ['status']],
  [rooms.status.machineChanged, ['machine']],
  [rooms.trainer.changed, ['status']],
  [rooms.queue.changed, ['queue', 'datasets']],
  [rooms.datasets.changed, ['datasets', 'setup']],
  [rooms.lineage.changed, ['lineage']],
  [rooms.baseModels.changed, ['lineage', 'setup']],
  [rooms.checkpoints.changed, ['lineage']],
  [rooms.versions.changed, ['versions', 'lineage']],
  [rooms.restore.changed, ['lineage']],
  [rooms.backups.changed, ['backups']],
  [rooms.notices.changed, ['notices']],
  [rooms.health.changed, ['health']],
  [rooms.config.changed, ['config', 'setup', 'datasets']],
  [rooms.disk.changed, ['machine', 'setup']],
  [rooms.setup.changed, ['setup']],
  [rooms.journal.written, ['journal']],
  [rooms.metrics.news, ['previews']],
];

/** Starts the feed, the status files for scripts, and what a changed setting needs. */
export function startFeed(
  { paths, clock, failed }: SharedOptions,
  rooms: Rooms,
): { readonly feed: Feed; readonly stop: () => void } {
  const { status, health, queue, config, baseModels, metrics } = rooms;
  const feed = createFeed({ clock, readers: roomReaders(rooms), failed });
  const memory = () => status.memoryStats();
  const stops = [
    writeScriptFiles({ paths, clock, memory, costs: () => health.costs(), failed }),
    touchFrom(feed, feedSources(rooms)),
    metrics.news.on((news) => {
      feed.news(news);
    }),
    status.machineChanged.on(() => {
      // The remaining time of the open dataset counts down.
      if (queue.open() !== null) feed.touch('datasets');
    }),
    config.changed.on(() => {
      void baseModels.refresh().catch((error: unknown) => {
        failed('baseModels.refresh', error);
      });
    }),
  ];
  const stop = (): void => {
    for (const stopListening of stops) stopListening();
    feed.close();
  };
  return { feed, stop };
}

/** Puts the datasets module together: store, inbox, ingest, uploads, validation and the folder watcher. */
import { mkdir } from 'node:fs/promises';
import type { AncestrySegment, DatasetSummary } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { clientDatasets } from './client-datasets.ts';
import { DatasetStore } from './dataset-store.ts';
import { watchFolders } from './folder-watcher.ts';
import { Inbox } from './inbox.ts';
import { Ingest } from './ingest.ts';
import type { Base } from './intake.ts';
import { DatasetList } from './dataset-list.ts';
import type { DatasetMeta } from './meta.ts';
import { passDatasets } from './pass-datasets.ts';
import { placeFolders } from './place-folders.ts';
import { RowQueries } from './row-queries.ts';
import { Uploads } from './uploads.ts';
import { Validation } from './validation.ts';

export interface DatasetsOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly trainer: TrainerRoom;
  readonly clock: Clock;
  readonly base: () => Base | null;
  /** Rows that were trained on an abandoned branch don't count as trained. */
  readonly ancestry: () => readonly AncestrySegment[];
  /** Four hex digits, for dataset ids. */
  readonly random: () => string;
  /** Reports an unexpected error; the engine continues. */
  readonly failed: (where: string, error: unknown) => void;
}

/** What the parts of the module share. */
export interface DatasetParts {
  readonly options: DatasetsOptions;
  readonly store: DatasetStore;
  readonly ingest: Ingest;
  readonly uploads: Uploads;
  readonly validation: Validation;
  readonly rows: RowQueries;
  readonly list: DatasetList;
  readonly newId: () => string;
  readonly changed: () => void;
  /** Validates the next file without waiting for it. */
  readonly validateNext: () => void;
  readonly fail: (id: string, reason: string, changes?: Partial<DatasetMeta>) => Promise<void>;
}

export type DatasetsRoom = Awaited<ReturnType<typeof createDatasets>>;

/** `20260101-120000` */
const idTime = (t: number): string =>
  new Date(t * 1000).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);

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

async function createParts(
  options: DatasetsOptions,
  changed: Emitter<void>,
  verdict: Emitter<DatasetSummary>,
): Promise<DatasetParts> {
  const { paths, clock, journal } = options;
  const emitChanged = (): void => {
    changed.emit(undefined);
  };
  const newId = (): string => `d-${idTime(clock.now())}-${options.random()}`;
  const store = new DatasetStore({ paths, clock, journal, newId });
  await store.load();
  const ingest = new Ingest({ ...options, store, newId, changed: emitChanged });
  const validateNext = (): void => {
    validation.tick().catch((error: unknown) => {
      options.failed('datasets.validation', error);
    });
  };
  const validation = new Validation({
    ...options,
    store,
    changed: emitChanged,
    onVerdict: (record) => {
      verdict.emit(list.summary(record));
      validateNext();
    },
  });
  const list = new DatasetList(store, ingest, validation, () => options.config.values());
  const uploads = new Uploads({
    ...options,
    progress: (upload, state) => {
      const id = `upload-${upload}`;
      const progress = state && {
        id,
        name: state.part.name,
        bytes: state.part.bytes,
        priority: state.part.priority,
        added: clock.now(),
        progress: state.done / state.part.bytes,
        message: 'uploading',
      };
      ingest.show(id, progress);
    },
  });
  async function fail(
    id: string,
    reason: string,
    changes: Partial<DatasetMeta> = {},
  ): Promise<void> {
    const record = await store.move(id, 'failed', {
      what: `failed: ${reason}`,
      changes: { finished: clock.now(), ...changes, reason },
    });
    journal.write({
      what: 'datasets.failed',
      text: `${record.meta.name} failed: ${reason}`,
      dataset: id,
    });
    emitChanged();
  }
  const rows = new RowQueries(paths, options.ancestry);
  return {
    options,
    store,
    ingest,
    uploads,
    validation,
    rows,
    list,
    newId,
    changed: emitChanged,
    validateNext,
    fail,
  };
}

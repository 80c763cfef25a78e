/** The parts of the datasets module, and what they share. */
import type { AncestrySegment, DatasetSummary } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { DatasetList } from './dataset-list.ts';
import { DatasetStore } from './dataset-store.ts';
import { Ingest } from './ingest.ts';
import type { Base } from './intake.ts';
import type { DatasetMeta } from './meta.ts';
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
  /** 64 random bits in hex, for dataset ids. */
  readonly random: () => string;
  /** Reports an unexpected error; the engine continues. */
  readonly failed: (where: string, error: unknown) => void;
}

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

/** `20260101-120000` */
const idTime = (t: number): string =>
  new Date(t * 1000).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);

export async function createParts(
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
  const list = new DatasetList(
    store,
    ingest,
    validation,
    () => options.config.values(),
    () => options.base()?.id ?? '',
  );
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

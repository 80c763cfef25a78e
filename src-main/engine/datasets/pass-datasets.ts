/** What the queue and restore do with datasets: pick the next one, move them between places, read their ledgers. */
import path from 'node:path';
import {
  ancestryUpTo,
  type DatasetSummary,
  type Place,
  type Point,
  type Priority,
} from '../../contract/index.ts';
import type { DatasetRecord } from './dataset-store.ts';
import type { DatasetParts } from './parts.ts';
import type { DatasetMeta, Validated } from './meta.ts';
import { RowLedger, type StepRange } from './row-ledger.ts';
import { TokenCache } from './token-cache.ts';

const PRIORITIES = ['high', 'normal', 'low'] as const;

/** A dataset as the queue needs it to start or continue a pass. */
export interface PassDataset {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly place: Exclude<Place, 'inbox'>;
  readonly priority: Priority;
  readonly held: boolean;
  /** Validated with the current settings, and may be trained. */
  readonly isReady: boolean;
  readonly validated: Validated | null;
  readonly bytes: number;
}

/** A dataset as a restore needs it. */
export interface TrainedDataset {
  readonly id: string;
  readonly name: string;
  /** null when its data file is gone. */
  readonly place: PassDataset['place'] | null;
  readonly ledger: Pick<RowLedger, 'stepsIn' | 'firstIn' | 'lastIn'>;
}

export function passDatasets(parts: DatasetParts) {
  const { options, store, validation, list, changed } = parts;
  const { paths, clock } = options;
  const toPassDataset = (record: DatasetRecord): PassDataset => ({
    id: record.meta.id,
    name: record.meta.name,
    folder: paths.dataset(record.meta.id),
    place: record.place,
    priority: record.priority,
    held: record.meta.held,
    isReady:
      record.place === 'queue' &&
      record.meta.complete &&
      record.meta.validated?.verdict === 'ready' &&
      validation.isValidated(record),
    validated: record.meta.validated,
    bytes: record.bytes,
  });
  return {
    forPass: (id: string): PassDataset | null => {
      const record = store.find(id);
      return record === null ? null : toPassDataset(record);
    },
    /** In queue order: by priority, then by position. */
    queued: (): readonly PassDataset[] =>
      PRIORITIES.flatMap((priority) => store.queued(priority).map(toPassDataset)),
    processing: (): readonly PassDataset[] =>
      store
        .all()
        .filter((record) => record.place === 'processing')
        .map(toPassDataset),
    counts: () => countPlaces(store.all()),
    /** Quarantined rows that this token cache would train; a new pass excludes them. Ascending. */
    async excludedRows(id: string, cache: string): Promise<readonly number[]> {
      const { quarantined } = list.require(id).meta;
      if (quarantined.length === 0) return [];
      const opened = await TokenCache.open(path.join(paths.dataset(id), 'cache', cache));
      return opened === null ? [] : opened.trainedOf(quarantined);
    },
    /** The rows that are done in its last epoch, see RowLedger. */
    async epochRows(
      id: string,
      place: { readonly upTo: number; readonly most: number },
    ): Promise<ReadonlySet<number>> {
      return (await readLedger(parts, id)).epochRows(options.ancestry(), place);
    },
    /** Where the last of these steps that the model has ended, and how many it has; null: none. */
    async lastStep(id: string, range: StepRange) {
      const ledger = await readLedger(parts, id);
      const last = ledger.lastIn(options.ancestry(), range);
      if (last === null) return null;
      return { ...last, stepsDone: ledger.stepsIn(options.ancestry(), range) };
    },
    /** Compares the content hash. A changed file loses its verdict and is validated again. */
    isUnchanged: (id: string): Promise<boolean> => validation.isUnchanged(list.require(id)),
    async toProcessing(id: string): Promise<void> {
      await store.move(id, 'processing', { what: 'training started', changes: { reason: null } });
      changed();
    },
    async toCompleted(id: string, changes: Partial<DatasetMeta>): Promise<void> {
      await store.move(id, 'completed', {
        what: 'completed',
        changes: { finished: clock.now(), reason: null, ...changes },
      });
      changed();
    },
    toFailed: parts.fail,
    async toSkipped(id: string, reason: string, changes: Partial<DatasetMeta> = {}): Promise<void> {
      await store.move(id, 'skipped', {
        what: `skipped: ${reason}`,
        changes: { finished: clock.now(), ...changes, reason },
      });
      // After the move: a file that is still queued would be validated again.
      parts.validation.cancel(id);
      changed();
    },
    /** `before`: the dataset to place it in front of; null, or an unknown id: at the end. */
    async toQueue(
      id: string,
      priority: Priority,
      target: { readonly before: string | null; readonly revalidate: boolean },
    ): Promise<DatasetSummary> {
      const changes: Partial<DatasetMeta> = { finished: null, reason: null };
      if (target.revalidate) changes.validated = null;
      await store.move(id, 'queue', { priority, what: `queued (${priority})`, changes });
      await placeBefore(parts, id, priority, target.before);
      changed();
      parts.validateNext();
      return list.summary(list.require(id));
    },
    async note(id: string, changes: Partial<DatasetMeta>): Promise<void> {
      await store.update(id, changes);
      changed();
    },
    meta: (id: string): DatasetMeta | null => store.find(id)?.meta ?? null,
    /** Also of a dataset whose data file is gone; null when there never was one. */
    nameOf: (id: string): string | null =>
      store.allMetas().find((meta) => meta.id === id)?.name ?? null,
    /** Damaged files that the start replaced, for the notices. */
    recovered: () => store.recoveries,
    trained: (): Promise<readonly TrainedDataset[]> => trainedDatasets(parts),
    /**
     * Datasets with steps in the model after `since` (null: the base) up to `step`, in the order
     * of their first step there. Also skipped and partly trained ones.
     */
    trainedSince: (since: Point | null, step: number) => trainedSince(parts, since, step),
  };
}

function countPlaces(records: readonly DatasetRecord[]) {
  const counts = { high: 0, normal: 0, low: 0, processing: 0, completed: 0, failed: 0, skipped: 0 };
  for (const record of records)
    counts[record.place === 'queue' ? record.priority : record.place] += 1;
  return counts;
}

/** Renumbers the positions of a queue so that `id` is in front of `before`. */
async function placeBefore(
  { store }: DatasetParts,
  id: string,
  priority: Priority,
  before: string | null,
): Promise<void> {
  const order = store
    .queued(priority)
    .map((record) => record.meta.id)
    .filter((queued) => queued !== id);
  const index = before === null ? -1 : order.indexOf(before);
  order.splice(index < 0 ? order.length : index, 0, id);
  for (const [position, queued] of order.entries())
    if (store.find(queued)?.meta.position !== position) await store.update(queued, { position });
}

async function readLedger({ options }: DatasetParts, id: string): Promise<RowLedger> {
  const ledger = new RowLedger(path.join(options.paths.dataset(id), 'ledger.jsonl'));
  await ledger.refresh(options.ancestry());
  return ledger;
}

/** Every dataset that was trained or has a data file, with its ledger. */
async function trainedDatasets(parts: DatasetParts): Promise<TrainedDataset[]> {
  const { options, store } = parts;
  const datasets: TrainedDataset[] = [];
  for (const { id, name } of store.allMetas()) {
    const ledger = await readLedger(parts, id);
    const record = store.find(id);
    if (ledger.firstIn(options.ancestry()) !== null || record !== null)
      datasets.push({ id, name, place: record?.place ?? null, ledger });
  }
  return datasets;
}

async function trainedSince(
  parts: DatasetParts,
  since: Point | null,
  step: number,
): Promise<{ readonly id: string; readonly name: string }[]> {
  const all = parts.options.ancestry();
  const branch = all.at(-1)?.branch ?? 'main';
  const upTo = ancestryUpTo(all, { branch, step });
  const before = since === null ? [] : ancestryUpTo(all, since);
  const found: { id: string; name: string; first: number }[] = [];
  for (const { id, name, ledger } of await trainedDatasets(parts)) {
    if (ledger.stepsIn(upTo) === ledger.stepsIn(before)) continue;
    found.push({ id, name, first: ledger.firstIn(upTo)?.step ?? 0 });
  }
  found.sort((a, b) => a.first - b.first);
  return found.map(({ id, name }) => ({ id, name }));
}

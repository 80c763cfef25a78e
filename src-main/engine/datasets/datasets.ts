/** The room's composition: shelf, inbox, arrivals, uploads, validation, account, and the timers that look. */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type ColumnMapping,
  type DatasetDetails,
  type DatasetReport,
  type DatasetSummary,
  type AncestrySegment,
  type Place,
  type Priority,
  Refusal,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import { Ledger } from './row-account.ts';
import { Accounts, readReport, type RowsInput } from './row-queries.ts';
import { Ingest } from './ingest.ts';
import { Inbox, walk } from './inbox.ts';
import { type Base, judgeDry } from './intake.ts';
import { Validation } from './validation.ts';
import { startLooking } from './folder-watcher.ts';
import type { Judged, Meta } from './meta.ts';
import { placeFolders, DatasetStore, type DatasetRecord } from './dataset-store.ts';
import { summarize, summariseArriving, summariseInbox } from './summary.ts';
import { TokenCache } from './token-cache.ts';
import { Uploads } from './uploads.ts';

/** A dataset as the queue needs it to open or continue a pass. */
export interface PassDataset {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly place: Exclude<Place, 'inbox'>;
  readonly priority: Priority;
  readonly held: boolean;
  /** Judged under today's options and ready to be trained. */
  readonly isReady: boolean;
  readonly validated: Judged | null;
  readonly bytes: number;
}

/** What a restore asks of a dataset. `place` null: its data file is gone. */
export interface TrainedDataset {
  readonly id: string;
  readonly name: string;
  readonly place: PassDataset['place'] | null;
  readonly ledger: Pick<Ledger, 'stepsIn' | 'firstIn'>;
}

export interface DatasetsOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly trainer: TrainerRoom;
  readonly clock: Clock;
  readonly base: () => Base | null;
  /** What led to the model as it is; the rows of a branch that was left do not count. */
  readonly ancestry: () => readonly AncestrySegment[];
  /** Four hex digits, for identities. */
  readonly random: () => string;
  /** Told of what must not happen; the engine goes on. */
  readonly failed: (where: string, error: unknown) => void;
}

export type DatasetsRoom = Awaited<ReturnType<typeof createDatasets>>;

const stamp = (t: number): string =>
  new Date(t * 1000).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);

export async function createDatasets(settings: DatasetsOptions) {
  const changed = new Emitter<void>();
  const verdict = new Emitter<DatasetSummary>();
  const newId = (): string => `d-${stamp(settings.clock.now())}-${settings.random()}`;
  const tell = (): void => {
    changed.emit(undefined);
  };
  for (const { folder } of placeFolders(settings.paths)) await mkdir(folder, { recursive: true });
  for (const folder of [settings.paths.inbox, settings.paths.inboxPart, settings.paths.datasets])
    await mkdir(folder, { recursive: true });

  const shelf = new DatasetStore({
    paths: settings.paths,
    clock: settings.clock,
    journal: settings.journal,
    newId,
  });
  await shelf.load();
  const arrivals = new Ingest({ ...settings, shelf, newId, changed: tell });
  const validation = new Validation({
    ...settings,
    shelf,
    changed: tell,
    onVerdict: (item) => {
      verdict.emit(summary(item));
      void safely('validation', () => validation.tick());
    },
  });
  const inbox = new Inbox({
    folder: settings.paths.inbox,
    clock: settings.clock,
    newId,
    accept: async (entry) => {
      const item = await arrivals.takeFromInbox(entry);
      if (entry.bytes === 0) await fail(item.meta.id, `${entry.name} is empty.`);
    },
  });
  const uploads = new Uploads({
    ...settings,
    progress: (upload, state) => {
      const id = `upload-${upload}`;
      arrivals.show(
        id,
        state === null
          ? null
          : {
              id,
              name: state.part.name,
              bytes: state.part.bytes,
              priority: state.part.priority,
              added: settings.clock.now(),
              progress: state.done / state.part.bytes,
              message: 'being uploaded',
            },
      );
    },
  });
  const accounts = new Accounts(settings.paths, settings.ancestry);

  async function safely(where: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      settings.failed(`datasets.${where}`, error);
    }
  }

  function known(id: string): DatasetRecord {
    const item = shelf.find(id);
    if (item === null) throw new Refusal('NOT_FOUND', 'There is no such dataset.', { subject: id });
    return item;
  }
  function waiting(id: string): DatasetRecord {
    const item = known(id);
    if (item.place !== 'queue')
      throw new Refusal('NOT_READY', `${item.meta.name} does not wait in the queue.`, {
        subject: id,
        next: 'Queue it again first.',
      });
    return item;
  }

  function summary(item: DatasetRecord): DatasetSummary {
    const order = item.place === 'queue' ? shelf.queued(item.priority).indexOf(item) : 0;
    return summarize(item, validation.activity(item), Math.max(0, order), settings.config.values());
  }

  function list(): readonly DatasetSummary[] {
    const rank = { processing: 0, queue: 1, failed: 2, skipped: 3, completed: 4 };
    const ranks = { high: 0, normal: 1, low: 2 };
    const orders = new Map(
      (['high', 'normal', 'low'] as const).flatMap((priority) =>
        shelf.queued(priority).map((item, index) => [item.meta.id, index] as const),
      ),
    );
    const shelved = shelf
      .all()
      .map((item) =>
        summarize(
          item,
          validation.activity(item),
          orders.get(item.meta.id) ?? 0,
          settings.config.values(),
        ),
      )
      .sort(
        (a, b) =>
          rank[a.place as keyof typeof rank] - rank[b.place as keyof typeof rank] ||
          (a.place === 'queue'
            ? ranks[a.priority] - ranks[b.priority] || a.position - b.position
            : (b.finished ?? b.added) - (a.finished ?? a.added)),
      );
    return [
      ...arrivals.list().map(summariseArriving),
      ...inbox.entries().map(summariseInbox),
      ...shelved,
    ];
  }

  async function fail(id: string, reason: string, changes: Partial<Meta> = {}): Promise<void> {
    const item = await shelf.move(id, 'failed', {
      what: `failed: ${reason}`,
      changes: { finished: settings.clock.now(), ...changes, reason },
    });
    settings.journal.write({
      what: 'datasets.failed',
      text: `${item.meta.name} failed: ${reason}`,
      dataset: id,
    });
    tell();
  }

  const looking = startLooking({
    paths: settings.paths,
    clock: settings.clock,
    shelf,
    inbox,
    validation,
    interval: () => settings.config.values().poll_interval,
    tell,
    fail,
    failed: settings.failed,
  });
  const stopConfig = settings.config.changed.on(tell);
  for (const name of await uploads.tidy())
    settings.journal.write({
      what: 'datasets.tidy',
      text: `The unfinished upload ${name} was not continued for 7 days and is removed.`,
    });

  function toPassDataset(item: DatasetRecord): PassDataset {
    return {
      id: item.meta.id,
      name: item.meta.name,
      folder: settings.paths.dataset(item.meta.id),
      place: item.place,
      priority: item.priority,
      held: item.meta.held,
      isReady:
        item.place === 'queue' &&
        item.meta.complete &&
        item.meta.validated?.verdict === 'ready' &&
        validation.isJudged(item),
      validated: item.meta.validated,
      bytes: item.bytes,
    };
  }

  return {
    changed,
    /** A verdict was reached. */
    verdict,
    list,
    summary: (id: string): DatasetSummary => summary(known(id)),
    /** Every dataset's name and where its data file lies, by id. */
    files: (): ReadonlyMap<string, { readonly name: string; readonly path: string }> =>
      new Map(shelf.all().map((item) => [item.meta.id, { name: item.meta.name, path: item.file }])),
    validating: () => {
      const current = validation.current();
      const item = current === null ? null : shelf.find(current.id);
      return current === null || item === null ? null : { ...current, name: item.meta.name };
    },
    async get(id: string): Promise<DatasetDetails> {
      const item = known(id);
      return {
        summary: summary(item),
        report: item.meta.validated === null ? null : await readReport(settings.paths.dataset(id)),
        account: await accounts.account(item),
        mapping: item.meta.mapping,
        estimate: null,
      };
    },
    /** `from`: how many rows are left out at the beginning; rows come in file order. Refusal NOT_READY. */
    rows: (input: RowsInput & { readonly id: string }) => accounts.rows(known(input.id), input),
    /** Refusals NOT_FOUND, NOT_READY. */
    row: (input: { readonly id: string; readonly row: number }) =>
      accounts.row(known(input.id), input.row),
    async add(given: readonly string[], priority: Priority) {
      const answer = await arrivals.copy(given, priority, summary);
      tell();
      void safely('validation', () => validation.tick());
      return answer;
    },
    /** Copies one file under another name. */
    async addAs(file: string, name: string, priority: Priority, source: string): Promise<void> {
      await arrivals.copyOne(file, (await stat(file)).size, priority, { name, source });
      tell();
      void safely('validation', () => validation.tick());
    },
    begin: (input: Parameters<Uploads['begin']>[0]) => uploads.begin(input),
    append: (upload: string, offset: number, chunk: Blob) => uploads.append(upload, offset, chunk),
    async finish(upload: string, sha256: string): Promise<DatasetSummary> {
      const item = await uploads.finish(upload, sha256, (file, part) =>
        arrivals.take(file, {
          id: newId(),
          name: part.name,
          priority: part.priority,
          source: 'upload',
        }),
      );
      tell();
      void safely('validation', () => validation.tick());
      return summary(item);
    },
    cancel: (upload: string) => uploads.cancel(upload),
    async mapColumns(id: string, mapping: ColumnMapping): Promise<DatasetSummary> {
      waiting(id);
      await shelf.note(id, { mapping });
      tell();
      void safely('validation', () => validation.tick());
      return summary(known(id));
    },
    async acceptValidRows(id: string): Promise<DatasetSummary> {
      waiting(id);
      await shelf.note(id, { accept_valid_rows: true });
      tell();
      void safely('validation', () => validation.tick());
      return summary(known(id));
    },
    /** Refusals NOT_READY (no base), INVALID (not a data file). */
    async validate(file: string): Promise<DatasetReport> {
      const base = settings.base();
      if (base === null)
        throw new Refusal(
          'NOT_READY',
          'No base model is chosen; its tokenizer measures the rows.',
          {
            next: 'Choose a base model first.',
          },
        );
      const { files, refused } = await walk(file);
      const only = files[0];
      if (only === undefined || files.length > 1)
        throw new Refusal('INVALID', refused[0]?.message ?? `${file} is not one data file.`, {
          subject: file,
        });
      if (only.bytes === 0) throw new Refusal('INVALID', `${path.basename(file)} is empty.`);
      const id = `.validate-${settings.random()}${settings.random()}`;
      const result = await validation.alone(() =>
        judgeDry(settings.trainer, settings.clock, {
          id,
          folder: settings.paths.dataset(id),
          name: path.basename(only.file),
          file: only.file,
          meta: { mapping: null, accept_valid_rows: false },
          config: settings.config.values(),
          base,
        }),
      );
      if (result.kind === 'validated') return result.report;
      throw new Refusal(
        'NOT_READY',
        result.kind === 'changed' ? `${file} changed while it was read.` : result.message,
        { subject: file },
      );
    },

    // ---- for the queue ----
    forPass: (id: string): PassDataset | null => {
      const item = shelf.find(id);
      return item === null ? null : toPassDataset(item);
    },
    /** Waiting ones in queue order: high, normal, low, each by position. */
    queued: (): readonly PassDataset[] =>
      (['high', 'normal', 'low'] as const).flatMap((priority) =>
        shelf.queued(priority).map(toPassDataset),
      ),
    processing: (): readonly PassDataset[] =>
      shelf
        .all()
        .filter((item) => item.place === 'processing')
        .map(toPassDataset),
    counts() {
      const counts = {
        high: 0,
        normal: 0,
        low: 0,
        processing: 0,
        completed: 0,
        failed: 0,
        skipped: 0,
      };
      for (const item of shelf.all())
        counts[item.place === 'queue' ? item.priority : item.place] += 1;
      return counts;
    },
    /** Quarantined rows that would be trained from this cache: a pass that begins leaves them out. Ascending. */
    async excludedRows(id: string, cache: string): Promise<readonly number[]> {
      const { quarantined } = known(id).meta;
      if (quarantined.length === 0) return [];
      const opened = await TokenCache.open(path.join(settings.paths.dataset(id), 'cache', cache));
      return opened === null ? [] : opened.trainedOf(quarantined);
    },
    /** Compared by content hash; a changed file loses its verdict and is validated again. */
    isUnchanged: (id: string): Promise<boolean> => validation.isUnchanged(known(id)),
    async toProcessing(id: string): Promise<void> {
      await shelf.move(id, 'processing', { what: 'training began', changes: { reason: null } });
      tell();
    },
    async toCompleted(id: string, changes: Partial<Meta>): Promise<void> {
      await shelf.move(id, 'completed', {
        what: 'completed',
        changes: { finished: settings.clock.now(), reason: null, ...changes },
      });
      tell();
    },
    toFailed: fail,
    async toSkipped(id: string, reason: string, changes: Partial<Meta> = {}): Promise<void> {
      await shelf.move(id, 'skipped', {
        what: `skipped: ${reason}`,
        changes: { finished: settings.clock.now(), ...changes, reason },
      });
      tell();
    },
    /** `before`: the dataset it is placed in front of; null, or one that is not there: the end. */
    async toQueue(
      id: string,
      priority: Priority,
      options: { readonly before: string | null; readonly judgeAgain: boolean },
    ): Promise<DatasetSummary> {
      const changes: Partial<Meta> = { finished: null, reason: null };
      if (options.judgeAgain) changes.validated = null;
      await shelf.move(id, 'queue', { priority, what: `queued (${priority})`, changes });
      const order = shelf
        .queued(priority)
        .map((item) => item.meta.id)
        .filter((name) => name !== id);
      const at = options.before === null ? -1 : order.indexOf(options.before);
      order.splice(at < 0 ? order.length : at, 0, id);
      for (const [position, name] of order.entries())
        if (shelf.find(name)?.meta.position !== position) await shelf.note(name, { position });
      tell();
      void safely('validation', () => validation.tick());
      return summary(known(id));
    },
    async note(id: string, changes: Partial<Meta>): Promise<void> {
      await shelf.note(id, changes);
      tell();
    },
    meta: (id: string): Meta | null => shelf.find(id)?.meta ?? null,
    /** Also of one whose data file is gone; null: there never was one. */
    nameOf: (id: string): string | null =>
      shelf.metasEver().find((entry) => entry.id === id)?.name ?? null,
    /** Every dataset that was ever trained, with what its ledger says; also those whose data file is gone. */
    async trained(): Promise<readonly TrainedDataset[]> {
      const found: TrainedDataset[] = [];
      for (const meta of shelf.metasEver()) {
        const ledger = new Ledger(path.join(settings.paths.dataset(meta.id), 'ledger.jsonl'));
        await ledger.refresh(settings.ancestry());
        const item = shelf.find(meta.id);
        if (ledger.firstIn(settings.ancestry()) !== null || item !== null)
          found.push({ id: meta.id, name: meta.name, place: item?.place ?? null, ledger });
      }
      return found;
    },
    /** Looks at the folders now instead of at the next interval. */
    reconcile: (): Promise<void> => looking.now(),
    async close(): Promise<void> {
      stopConfig();
      await looking.close();
    },
  };
}

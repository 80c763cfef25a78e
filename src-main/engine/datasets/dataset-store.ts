/**
 * Which datasets there are and where their data files are. The folders are the truth: a dataset's place
 * is the folder of its data file, and one rename changes it. Files that are found there are adopted or
 * left alone, never overwritten.
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { Priority } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { createSerializer } from '../../kit/serializer.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';
import { keepDamaged } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Journal } from '../journal/index.ts';
import { type DatasetRecord, DatasetRecords, type NewDataset } from './dataset-records.ts';
import { loadMetas } from './load-metas.ts';
import { type DatasetMeta, newMeta } from './meta.ts';
import { type FoundFile, matchFiles, scanPlaces } from './place-folders.ts';

export type { DatasetRecord } from './dataset-records.ts';

export interface DatasetStoreOptions {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly newId: () => string;
}

export class DatasetStore {
  private readonly options: DatasetStoreOptions;
  private readonly records: DatasetRecords;
  /** Damaged files that the start replaced. */
  readonly recoveries: { readonly name: string; readonly text: string }[] = [];
  private readonly journaled = new Set<string>();
  /** One change of the folders at a time. */
  private readonly serializer = createSerializer();

  constructor(options: DatasetStoreOptions) {
    this.options = options;
    this.records = new DatasetRecords(options.paths, options.clock);
  }

  /** Reads the meta.json of every dataset folder; folders without one are journaled and left alone. */
  async load(): Promise<void> {
    const { paths, clock, journal } = this.options;
    const { metas, recovered, ignored } = await loadMetas(paths, clock.now());
    for (const meta of metas) this.records.addMeta(meta);
    for (const { meta, isRebuilt, problem } of recovered) {
      const file = path.join(paths.dataset(meta.id), 'meta.json');
      const kept = await keepDamaged(file).catch(unlessTemporary(null));
      await this.records.saveMeta(meta);
      const how = isRebuilt
        ? 'rebuilt from its runs and report'
        : 'restored from its last good copy';
      const text = `The meta.json of ${meta.name} was damaged or missing and has been ${how}.`;
      this.recoveries.push({ name: meta.name, text });
      journal.write({
        what: 'datasets.recovered',
        text,
        dataset: meta.id,
        evidence: { problem, kept },
      });
    }
    for (const { name, reason } of ignored)
      this.journalOnce(`datasets/${name}`, `${reason}. The folder is ignored.`);
    await this.reconcile();
  }

  all(): readonly DatasetRecord[] {
    return this.records.all();
  }

  /** Also of datasets whose data file is gone. */
  allMetas(): readonly DatasetMeta[] {
    return this.records.allMetas();
  }

  find(id: string): DatasetRecord | null {
    return this.records.find(id);
  }

  queued(priority: Priority): readonly DatasetRecord[] {
    return this.records.queued(priority);
  }

  /** A name that no dataset uses, reserved for the caller until `release`. */
  reserve(name: string): string {
    return this.records.reserve(name);
  }

  release(name: string): void {
    this.records.release(name);
  }

  /** Writes the meta.json of a data file that was just renamed into its queue folder. */
  adoptQueued(facts: NewDataset): Promise<DatasetRecord> {
    return this.serializer.run(async () => {
      const folder = this.options.paths.queue[facts.priority];
      const { size } = await lstat(path.join(folder, facts.name));
      const record = await this.records.adopt(
        { place: 'queue', priority: facts.priority, folder, name: facts.name, bytes: size },
        facts,
      );
      this.records.release(facts.name);
      return record;
    });
  }

  /**
   * Writes the meta.json, then renames the data file. Only the rename changes the place, so a crash in
   * between leaves the dataset where it was.
   */
  move(
    id: string,
    place: DatasetRecord['place'],
    options: {
      readonly priority?: Priority;
      readonly changes?: Partial<DatasetMeta>;
      /** For the history of the dataset. */
      readonly what: string;
    },
  ): Promise<DatasetRecord> {
    return this.serializer.run(async () => {
      const record = this.records.find(id);
      if (record === null) throw new Error(`dataset ${id} has no data file`);
      const { queue } = this.options.paths;
      const priority = options.priority ?? record.priority;
      const folder = place === 'queue' ? queue[priority] : queue[place];
      const file = path.join(folder, record.meta.name);
      const change = { t: this.options.clock.now(), what: options.what };
      const meta: DatasetMeta = {
        ...record.meta,
        priority,
        place_hint: place,
        ...options.changes,
        history: [...record.meta.history, change].slice(-100),
      };
      await this.records.saveMeta(meta);
      await this.records.moveFile(record.file, file);
      const moved: DatasetRecord = { ...record, meta, priority, place, file };
      this.records.set(moved);
      return moved;
    });
  }

  update(id: string, changes: Partial<DatasetMeta>): Promise<void> {
    return this.serializer.run(async () => {
      const meta = this.records.meta(id);
      if (meta === null) return;
      const changed = { ...meta, ...changes };
      await this.records.saveMeta(changed);
      const record = this.records.find(id);
      if (record !== null) this.records.set({ ...record, meta: changed });
    });
  }

  /**
   * For a data file that isn't the one that was trained: it becomes a new dataset, and the old one keeps
   * its history.
   */
  replace(id: string): Promise<DatasetRecord | null> {
    return this.serializer.run(async () => {
      const record = this.records.find(id);
      if (record === null) return null;
      await this.records.saveMeta({ ...record.meta, name: `.replaced-${id}` });
      this.records.remove(id);
      const { name, priority, position, held } = record.meta;
      const meta = newMeta({
        id: this.options.newId(),
        name,
        priority,
        position,
        source: 'replaced on disk',
        added: this.options.clock.now(),
        place_hint: record.place,
        complete: true,
      });
      const replacement = { ...record, meta: { ...meta, held } };
      await this.records.createMeta(replacement.meta);
      this.records.set(replacement);
      return replacement;
    });
  }

  /** Updates the records from the folders; true when anything changed. */
  reconcile(): Promise<boolean> {
    return this.serializer.run(async () => {
      const { paths } = this.options;
      const scan = await scanPlaces(paths, (name) => this.records.isReserved(name));
      for (const ignored of scan.ignored)
        this.journalOnce(
          `ignored ${ignored}`,
          `${ignored} is not a supported data file and is ignored.`,
        );
      const present = new Set<string>();
      let isChanged = false;
      for (const { file, meta, isSecond } of matchFiles(scan.files, this.records.allMetas())) {
        if (meta !== null) {
          present.add(meta.id);
          isChanged = this.records.locate(meta, file) || isChanged;
        } else {
          isChanged = true;
          present.add((await this.adoptFound(file, isSecond)).meta.id);
        }
      }
      for (const { meta } of this.records.all())
        if (!present.has(meta.id)) {
          isChanged = true;
          this.records.remove(meta.id);
          this.journalOnce(`gone ${meta.id}`, `The data file of ${meta.name} is gone.`);
        }
      return isChanged;
    });
  }

  /** `isSecond`: another dataset already has this name. */
  private async adoptFound(found: FoundFile, isSecond: boolean): Promise<DatasetRecord> {
    const { paths } = this.options;
    let { place, priority, folder, name } = found;
    if (isSecond) name = this.records.reserve(name);
    if (place === 'processing') {
      // No pass trains it, so it belongs in the queue.
      place = 'queue';
      priority = 'normal';
      folder = paths.queue.normal;
    }
    const file = path.join(folder, name);
    await this.records.moveFile(path.join(found.folder, found.name), file);
    this.records.release(name);
    const record = await this.records.adopt(
      { ...found, place, priority, folder, name },
      {
        id: this.options.newId(),
        name,
        source: 'found in the folder',
        priority: priority ?? 'normal',
        complete: place !== 'queue',
      },
    );
    this.options.journal.write({
      what: 'datasets.adopt',
      text: `Found ${name} in ${path.relative(paths.root, folder)} and added it as a dataset.`,
      dataset: record.meta.id,
      evidence: { file, bytes: found.bytes },
    });
    return record;
  }

  private journalOnce(key: string, text: string): void {
    if (this.journaled.has(key)) return;
    this.journaled.add(key);
    this.options.journal.write({ what: 'datasets.reconcile', text });
  }
}

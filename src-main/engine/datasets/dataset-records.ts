/**
 * The datasets in memory, with the file operations that change one of them. Not safe for concurrent
 * changes: DatasetStore runs them one at a time.
 */
import { lstat, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Place, Priority } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { moveFile } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { type DatasetMeta, newMeta, writeMeta } from './meta.ts';
import { freeName } from './names.ts';
import type { FoundFile } from './place-folders.ts';
import { ifMissing } from '../../kit/system-errors.ts';

export interface DatasetRecord {
  readonly meta: DatasetMeta;
  readonly place: Exclude<Place, 'inbox'>;
  readonly priority: Priority;
  readonly file: string;
  readonly bytes: number;
}

export type NewDataset = Pick<DatasetMeta, 'id' | 'name' | 'source' | 'priority' | 'complete'>;

export class DatasetRecords {
  private readonly paths: WorkspacePaths;
  private readonly clock: Clock;
  private readonly metas = new Map<string, DatasetMeta>();
  private readonly records = new Map<string, DatasetRecord>();
  private readonly reserved = new Set<string>();

  constructor(paths: WorkspacePaths, clock: Clock) {
    this.paths = paths;
    this.clock = clock;
  }

  all(): readonly DatasetRecord[] {
    return [...this.records.values()];
  }

  /** Also of datasets whose data file is gone. */
  allMetas(): readonly DatasetMeta[] {
    return [...this.metas.values()];
  }

  find(id: string): DatasetRecord | null {
    return this.records.get(id) ?? null;
  }

  meta(id: string): DatasetMeta | null {
    return this.metas.get(id) ?? null;
  }

  queued(priority: Priority): readonly DatasetRecord[] {
    return this.all()
      .filter((record) => record.place === 'queue' && record.priority === priority)
      .sort((a, b) => a.meta.position - b.meta.position || a.meta.added - b.meta.added);
  }

  /** A name that no dataset uses, reserved for the caller until `release`. */
  reserve(name: string): string {
    const taken = new Set([...this.reserved].map((reserved) => reserved.toLowerCase()));
    for (const meta of this.metas.values()) taken.add(meta.name.toLowerCase());
    const free = freeName(name, (candidate) => taken.has(candidate.toLowerCase()));
    this.reserved.add(free);
    return free;
  }

  release(name: string): void {
    this.reserved.delete(name);
  }

  isReserved(name: string): boolean {
    return this.reserved.has(name);
  }

  /** Without writing its meta.json. */
  addMeta(meta: DatasetMeta): void {
    this.metas.set(meta.id, meta);
  }

  async saveMeta(meta: DatasetMeta): Promise<void> {
    await writeMeta(this.paths.dataset(meta.id), meta);
    this.metas.set(meta.id, meta);
  }

  /** Of a new dataset. Throws EEXIST: a folder that is there already was not made for it. */
  async createMeta(meta: DatasetMeta): Promise<void> {
    await mkdir(this.paths.datasets, { recursive: true });
    await mkdir(this.paths.dataset(meta.id));
    await this.saveMeta(meta);
  }

  set(record: DatasetRecord): void {
    this.records.set(record.meta.id, record);
  }

  remove(id: string): void {
    this.records.delete(id);
  }

  /** Sets the place of a known dataset from where its file was found; false when nothing changed. */
  locate(meta: DatasetMeta, found: FoundFile): boolean {
    const known = this.records.get(meta.id);
    const priority = found.priority ?? meta.priority;
    const file = path.join(found.folder, found.name);
    if (known?.file === file && known.bytes === found.bytes) return false;
    this.set({ meta, place: found.place, priority, file, bytes: found.bytes });
    return true;
  }

  /** Makes a found file a dataset, last in its queue. */
  async adopt(found: FoundFile, facts: NewDataset): Promise<DatasetRecord> {
    const last = this.queued(facts.priority).at(-1);
    const meta = newMeta({
      ...facts,
      added: this.clock.now(),
      position: (last?.meta.position ?? -1) + 1,
      place_hint: found.place,
    });
    await this.createMeta(meta);
    const record: DatasetRecord = {
      meta,
      place: found.place,
      priority: facts.priority,
      file: path.join(found.folder, found.name),
      bytes: found.bytes,
    };
    this.set(record);
    return record;
  }

  /** Renames a data file; a file that is in the way gets a free name, so that nothing is overwritten. */
  async moveFile(from: string, to: string): Promise<void> {
    if (from === to) return;
    if ((await lstat(to).catch(ifMissing(null))) !== null) {
      const name = this.reserve(path.basename(to));
      await moveFile(to, path.join(path.dirname(to), name));
      this.release(name);
    }
    await moveFile(from, to);
  }
}

/**
 * Which dataset lies where. The folders are the truth: a place is where the data file lies, one rename changes it, and whatever
 * is found there is tolerated, adopted or left alone, never overwritten.
 */
import { lstat, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Place, Priority } from '../../contract/index.ts';
import { moveFile } from '../../kit/files.ts';
import type { Clock } from '../../kit/clock.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Journal } from '../journal/index.ts';
import { type Meta, newMeta, readMeta, writeMeta } from './meta.ts';
import { freeName, hasAcceptedExtension, isIgnored } from './names.ts';

export interface DatasetRecord {
  readonly meta: Meta;
  readonly place: Exclude<Place, 'inbox'>;
  readonly priority: Priority;
  readonly file: string;
  readonly bytes: number;
}

interface Folder {
  readonly place: DatasetRecord['place'];
  readonly priority: Priority | null;
  readonly folder: string;
}

interface Found extends Folder {
  readonly name: string;
  readonly bytes: number;
}

export function placeFolders(paths: WorkspacePaths): readonly Folder[] {
  return [
    { place: 'processing', priority: null, folder: paths.queue.processing },
    { place: 'completed', priority: null, folder: paths.queue.completed },
    { place: 'failed', priority: null, folder: paths.queue.failed },
    { place: 'skipped', priority: null, folder: paths.queue.skipped },
    { place: 'queue', priority: 'high', folder: paths.queue.high },
    { place: 'queue', priority: 'normal', folder: paths.queue.normal },
    { place: 'queue', priority: 'low', folder: paths.queue.low },
  ];
}

export interface ShelfOptions {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly newId: () => string;
}

export class DatasetStore {
  private readonly o: ShelfOptions;
  private readonly metas = new Map<string, Meta>();
  private readonly items = new Map<string, DatasetRecord>();
  private readonly reserved = new Set<string>();
  private readonly told = new Set<string>();
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: ShelfOptions) {
    this.o = options;
  }

  /** Reads every dataset folder that holds a meta file; junk beside them is left alone. */
  async load(): Promise<void> {
    const names = await readdir(this.o.paths.datasets).catch(() => []);
    for (const name of names) {
      if (name.startsWith('.')) continue;
      const meta = await readMeta(this.o.paths.dataset(name));
      if (meta !== null && meta.id === name) this.metas.set(meta.id, meta);
      else
        this.tell(`datasets/${name}`, `data/datasets/${name} names no dataset; it is left alone.`);
    }
    await this.reconcile();
  }

  all(): readonly DatasetRecord[] {
    return [...this.items.values()];
  }
  /** Also of those whose data file is gone. */
  metasEver(): readonly Meta[] {
    return [...this.metas.values()];
  }
  find(id: string): DatasetRecord | null {
    return this.items.get(id) ?? null;
  }
  queued(priority: Priority): readonly DatasetRecord[] {
    return this.all()
      .filter((item) => item.place === 'queue' && item.priority === priority)
      .sort((a, b) => a.meta.position - b.meta.position || a.meta.added - b.meta.added);
  }

  /** A name that no dataset has, kept for the caller until `release`. */
  reserve(name: string): string {
    const taken = new Set([...this.reserved].map((name) => name.toLowerCase()));
    for (const meta of this.metas.values()) taken.add(meta.name.toLowerCase());
    const free = freeName(name, (candidate) => taken.has(candidate.toLowerCase()));
    this.reserved.add(free);
    return free;
  }
  release(name: string): void {
    this.reserved.delete(name);
  }

  /** The data file is in its queue folder (that rename was the commit); now it gets its meta file. */
  adoptQueued(
    facts: Pick<Meta, 'id' | 'name' | 'source' | 'priority' | 'complete'>,
  ): Promise<DatasetRecord> {
    return this.exclusively(async () => {
      const item = await this.adopt(
        {
          place: 'queue',
          priority: facts.priority,
          folder: this.o.paths.queue[facts.priority],
          name: facts.name,
          bytes: (await lstat(path.join(this.o.paths.queue[facts.priority], facts.name))).size,
        },
        facts,
      );
      this.reserved.delete(facts.name);
      return item;
    });
  }

  /** Meta first, then the rename, which alone decides: what a crash leaves in between is read correctly either way. */
  move(
    id: string,
    to: DatasetRecord['place'],
    options: {
      readonly priority?: Priority;
      readonly changes?: Partial<Meta>;
      readonly what: string;
    },
  ): Promise<DatasetRecord> {
    return this.exclusively(async () => {
      const item = this.items.get(id);
      if (item === undefined) throw new Error(`dataset ${id} has no data file`);
      const priority = options.priority ?? item.priority;
      const folder = to === 'queue' ? this.o.paths.queue[priority] : this.o.paths.queue[to];
      const target = path.join(folder, item.meta.name);
      const meta: Meta = {
        ...item.meta,
        priority,
        place_hint: to,
        ...options.changes,
        history: [...item.meta.history, { t: this.o.clock.now(), what: options.what }].slice(-100),
      };
      await this.keep(meta);
      if (target !== item.file) {
        await this.clearTheWay(target);
        await moveFile(item.file, target);
      }
      const moved: DatasetRecord = { ...item, meta, priority, place: to, file: target };
      this.items.set(id, moved);
      return moved;
    });
  }

  note(id: string, changes: Partial<Meta>): Promise<void> {
    return this.exclusively(async () => {
      const meta = this.metas.get(id);
      if (meta === undefined) return;
      const changed = { ...meta, ...changes };
      await this.keep(changed);
      const item = this.items.get(id);
      if (item !== undefined) this.items.set(id, { ...item, meta: changed });
    });
  }

  /** The file under this name is not the one that was trained: the old dataset keeps its past, the file gets a new identity. */
  replaced(id: string): Promise<DatasetRecord | null> {
    return this.exclusively(async () => {
      const item = this.items.get(id);
      if (item === undefined) return null;
      await this.keep({ ...item.meta, name: `.replaced-${id}` });
      this.items.delete(id);
      const { name, priority, position, held } = item.meta;
      const fresh = newMeta({
        id: this.o.newId(),
        name,
        priority,
        position,
        source: 'replaced by hand',
        added: this.o.clock.now(),
        place_hint: item.place,
        complete: true,
      });
      await this.keep({ ...fresh, held });
      const again = { ...item, meta: { ...fresh, held } };
      this.items.set(fresh.id, again);
      return again;
    });
  }

  /** Brings memory in line with the folders; answers whether anything was different. */
  reconcile(): Promise<boolean> {
    return this.exclusively(async () => {
      const byName = new Map<string, Found[]>();
      for (const folder of placeFolders(this.o.paths))
        for (const found of await this.scan(folder))
          byName.set(found.name, [...(byName.get(found.name) ?? []), found]);
      const byMetaName = new Map([...this.metas.values()].map((meta) => [meta.name, meta]));
      let isDifferent = false;
      const present = new Set<string>();
      for (const [name, several] of byName) {
        const meta = byMetaName.get(name);
        const chosen =
          several.find(
            (found) =>
              found.place === meta?.place_hint &&
              (found.priority === null || found.priority === meta.priority),
          ) ?? several[0];
        for (const found of several) {
          if (found === chosen && meta !== undefined) {
            present.add(meta.id);
            isDifferent = this.remember(meta, found) || isDifferent;
            continue;
          }
          isDifferent = true;
          present.add((await this.adoptFound(found, found !== chosen)).meta.id);
        }
      }
      for (const id of this.items.keys())
        if (!present.has(id)) {
          isDifferent = true;
          this.items.delete(id);
          this.tell(`gone ${id}`, `The data file of ${this.metas.get(id)?.name ?? id} is gone.`);
        }
      return isDifferent;
    });
  }

  private remember(meta: Meta, found: Found): boolean {
    const before = this.items.get(meta.id);
    const priority = found.priority ?? meta.priority;
    const file = path.join(found.folder, found.name);
    if (before?.file === file && before.bytes === found.bytes) return false;
    this.items.set(meta.id, { meta, place: found.place, priority, file, bytes: found.bytes });
    return true;
  }

  private async adoptFound(found: Found, isSecond: boolean): Promise<DatasetRecord> {
    let { place, priority, folder, name } = found;
    if (isSecond) name = this.reserve(name);
    if (place === 'processing') {
      // Nobody trains it: what lies there without a dataset is a file that waits.
      place = 'queue';
      priority = 'normal';
      folder = this.o.paths.queue.normal;
    }
    const from = path.join(found.folder, found.name);
    const to = path.join(folder, name);
    if (from !== to) {
      await this.clearTheWay(to);
      await moveFile(from, to);
    }
    this.reserved.delete(name);
    const item = await this.adopt(
      { ...found, place, priority, folder, name },
      {
        id: this.o.newId(),
        name,
        source: 'found in the folder',
        priority: priority ?? 'normal',
        complete: place !== 'queue',
      },
    );
    this.o.journal.write({
      what: 'datasets.adopt',
      text: `${name} was found in ${path.relative(this.o.paths.root, folder)} and is now a dataset.`,
      dataset: item.meta.id,
      evidence: { file: to, bytes: found.bytes },
    });
    return item;
  }

  private async adopt(
    found: Found,
    facts: Pick<Meta, 'id' | 'name' | 'source' | 'priority' | 'complete'>,
  ): Promise<DatasetRecord> {
    const last = this.queued(facts.priority).at(-1);
    const meta = newMeta({
      ...facts,
      added: this.o.clock.now(),
      position: (last?.meta.position ?? -1) + 1,
      place_hint: found.place,
    });
    await this.keep(meta);
    const item: DatasetRecord = {
      meta,
      place: found.place,
      priority: facts.priority,
      file: path.join(found.folder, found.name),
      bytes: found.bytes,
    };
    this.items.set(meta.id, item);
    return item;
  }

  /** Only plain files with a data file's name count; anything else in a place folder is reported once and left alone. */
  private async scan(folder: Folder): Promise<readonly Found[]> {
    await mkdir(folder.folder, { recursive: true });
    const found: Found[] = [];
    for (const entry of await readdir(folder.folder, { withFileTypes: true })) {
      const { name } = entry;
      if (isIgnored(name) || this.reserved.has(name)) continue;
      if (!entry.isFile() || !hasAcceptedExtension(name)) {
        const where = path.relative(this.o.paths.root, path.join(folder.folder, name));
        this.tell(`junk ${where}`, `${where} is no data file; it is left alone.`);
        continue;
      }
      const facts = await lstat(path.join(folder.folder, name)).catch(() => null);
      if (facts !== null) found.push({ ...folder, name, bytes: facts.size });
    }
    return found;
  }

  /** A foreign file under our name gives way to a free name; nothing is overwritten. */
  private async clearTheWay(target: string): Promise<void> {
    if ((await lstat(target).catch(() => null)) === null) return;
    const name = this.reserve(path.basename(target));
    await moveFile(target, path.join(path.dirname(target), name));
    this.reserved.delete(name);
  }

  private async keep(meta: Meta): Promise<void> {
    await writeMeta(this.o.paths.dataset(meta.id), meta);
    this.metas.set(meta.id, meta);
  }

  private tell(key: string, text: string): void {
    if (this.told.has(key)) return;
    this.told.add(key);
    this.o.journal.write({ what: 'datasets.reconcile', text });
  }

  /** One change of the folders at a time. */
  private exclusively<T>(act: () => Promise<T>): Promise<T> {
    const next = this.turn.then(act, act);
    this.turn = next.catch(() => undefined);
    return next;
  }
}

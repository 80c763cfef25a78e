/** How files come in: copied from this machine, uploaded, or moved out of the inbox. Each ends as one rename into a queue folder. */
import { mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { type DatasetSummary, type Priority, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { copyInto, moveFile } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import { type InboxEntry, walk } from './inbox.ts';
import { plainName } from './names.ts';
import type { DatasetStore, DatasetRecord } from './dataset-store.ts';
import type { Arriving } from './summary.ts';

export interface ArrivalOptions {
  readonly paths: WorkspacePaths;
  readonly disk: DiskRoom;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly shelf: DatasetStore;
  readonly newId: () => string;
  readonly changed: () => void;
}

export class Ingest {
  private readonly o: ArrivalOptions;
  private readonly under = new Map<string, Arriving>();
  constructor(options: ArrivalOptions) {
    this.o = options;
  }

  list(): readonly Arriving[] {
    return [...this.under.values()];
  }

  show(key: string, arriving: Arriving | null): void {
    if (arriving === null) this.under.delete(key);
    else this.under.set(key, arriving);
    this.o.changed();
  }

  /** Copies; the originals are never touched. What cannot be taken is answered with one sentence each. */
  async copy(
    given: readonly string[],
    priority: Priority,
    summarize: (item: DatasetRecord) => DatasetSummary,
  ): Promise<{ added: DatasetSummary[]; refused: { path: string; message: string }[] }> {
    const added: DatasetSummary[] = [];
    const refused: { path: string; message: string }[] = [];
    for (const name of given) {
      if (!path.isAbsolute(name)) {
        refused.push({ path: name, message: `${name} is not a whole path.` });
        continue;
      }
      const real = await realpath(name).catch(() => name);
      const found = await walk(real);
      refused.push(...found.refused);
      for (const { file, bytes } of found.files) {
        if (bytes === 0) {
          refused.push({ path: file, message: `${path.basename(file)} is empty.` });
          continue;
        }
        try {
          const as = { name: path.basename(file), source: file };
          added.push(summarize(await this.copyOne(file, bytes, priority, as)));
        } catch (error) {
          // One full disk is the same answer for each file; the others of the list are still tried.
          const message = error instanceof Error ? error.message : String(error);
          refused.push({ path: file, message });
          if (!(error instanceof Refusal))
            this.o.journal.write({
              what: 'datasets.copy',
              text: `${file} could not be copied: ${message}`,
            });
        }
      }
    }
    return { added, refused };
  }

  async copyOne(
    file: string,
    bytes: number,
    priority: Priority,
    as: { readonly name: string; readonly source: string },
  ): Promise<DatasetRecord> {
    await this.o.disk.require(bytes, `the copy of ${path.basename(file)}`);
    const name = this.o.shelf.reserve(plainName(as.name));
    const id = this.o.newId();
    const arriving: Arriving = {
      id,
      name,
      bytes,
      priority,
      added: this.o.clock.now(),
      progress: 0,
      message: 'being copied',
    };
    this.show(id, arriving);
    try {
      const folder = this.o.paths.queue[priority];
      await mkdir(folder, { recursive: true });
      let shown = 0;
      await copyInto(file, path.join(folder, name), (done) => {
        if (done - shown < 8 * 1024 * 1024) return;
        shown = done;
        this.show(id, { ...arriving, progress: Math.min(1, done / bytes) });
      });
      return await this.o.shelf.adoptQueued({
        id,
        name,
        priority,
        source: as.source,
        complete: true,
      });
    } finally {
      this.o.shelf.release(name);
      this.show(id, null);
    }
  }

  /** A complete file of the inbox or a checked upload: moved, not copied. */
  async take(
    file: string,
    facts: {
      readonly id: string;
      readonly name: string;
      readonly priority: Priority;
      readonly source: string;
    },
  ): Promise<DatasetRecord> {
    const name = this.o.shelf.reserve(plainName(facts.name));
    try {
      const folder = this.o.paths.queue[facts.priority];
      await mkdir(folder, { recursive: true });
      await moveFile(file, path.join(folder, name));
      const item = await this.o.shelf.adoptQueued({ ...facts, name, complete: true });
      if (name !== facts.name)
        this.o.journal.write({
          what: 'datasets.rename',
          text: `There is another ${facts.name}; the new one is called ${name}.`,
          dataset: item.meta.id,
        });
      return item;
    } finally {
      this.o.shelf.release(name);
    }
  }

  takeFromInbox(entry: InboxEntry): Promise<DatasetRecord> {
    return this.take(entry.file, {
      id: entry.id,
      name: entry.name,
      priority: 'normal',
      source: 'inbox',
    });
  }
}

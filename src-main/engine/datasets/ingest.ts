/** Adds data files: copied from this machine, uploaded, or moved from the inbox. Each ends in one rename into a queue folder. */
import { mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import {
  type DatasetSummary,
  type Priority,
  Refusal,
  systemRefusal,
} from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { copyInto, moveFile } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import { findDataFiles, type InboxEntry } from './inbox.ts';
import { plainName } from './names.ts';
import type { DatasetStore, DatasetRecord } from './dataset-store.ts';
import type { IncomingFile } from './summary.ts';

/** Progress is shown again after this many bytes. */
const PROGRESS_BYTES = 8 * 1024 * 1024;

export interface IngestOptions {
  readonly paths: WorkspacePaths;
  readonly disk: DiskRoom;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly store: DatasetStore;
  readonly newId: () => string;
  readonly changed: () => void;
}

export class Ingest {
  private readonly options: IngestOptions;
  private readonly incoming = new Map<string, IncomingFile>();
  constructor(options: IngestOptions) {
    this.options = options;
  }

  list(): readonly IncomingFile[] {
    return [...this.incoming.values()];
  }

  /** Shows a file that is being added; null removes it from the list. */
  show(key: string, file: IncomingFile | null): void {
    if (file === null) this.incoming.delete(key);
    else this.incoming.set(key, file);
    this.options.changed();
  }

  /** Copies files and the contents of folders; originals are never touched. `refused` has a reason per file. */
  async copy(
    paths: readonly string[],
    priority: Priority,
    summarize: (record: DatasetRecord) => DatasetSummary,
  ): Promise<{ added: DatasetSummary[]; refused: { path: string; message: string }[] }> {
    const added: DatasetSummary[] = [];
    const refused: { path: string; message: string }[] = [];
    for (const given of paths) {
      if (!path.isAbsolute(given)) {
        refused.push({ path: given, message: `${given} is not an absolute path.` });
        continue;
      }
      const found = await findDataFiles(await realpath(given).catch(() => given));
      refused.push(...found.refused);
      for (const { file, bytes } of found.files) {
        if (bytes === 0) {
          refused.push({ path: file, message: `${path.basename(file)} is empty.` });
          continue;
        }
        try {
          const inside = path.relative(this.options.paths.root, file);
          const source = inside.startsWith('..') || path.isAbsolute(inside) ? file : inside;
          const as = { name: path.basename(file), source };
          added.push(summarize(await this.copyFile(file, bytes, priority, as)));
        } catch (thrown) {
          const error = systemRefusal(thrown) ?? thrown;
          // The other files are still tried: one may be small enough for a nearly full disk.
          const message = error instanceof Error ? error.message : String(error);
          refused.push({ path: file, message });
          if (!(error instanceof Refusal))
            this.options.journal.write({
              what: 'datasets.copy',
              text: `Couldn't copy ${file}: ${message}`,
            });
        }
      }
    }
    return { added, refused };
  }

  async copyFile(
    file: string,
    bytes: number,
    priority: Priority,
    as: { readonly name: string; readonly source: string },
  ): Promise<DatasetRecord> {
    const id = this.options.newId();
    await this.options.disk.reserve(`copy ${id}`, bytes, `the copy of ${path.basename(file)}`);
    const name = this.options.store.reserve(plainName(as.name));
    const incoming: IncomingFile = {
      id,
      name,
      bytes,
      priority,
      added: this.options.clock.now(),
      progress: 0,
      message: 'copying',
    };
    this.show(id, incoming);
    try {
      const folder = this.options.paths.queue[priority];
      await mkdir(folder, { recursive: true });
      let shown = 0;
      await copyInto(file, path.join(folder, name), (done) => {
        if (done - shown < PROGRESS_BYTES) return;
        shown = done;
        this.show(id, { ...incoming, progress: Math.min(1, done / bytes) });
      });
      return await this.options.store.adoptQueued({
        id,
        name,
        priority,
        source: as.source,
        complete: true,
      });
    } finally {
      this.options.disk.release(`copy ${id}`);
      this.options.store.release(name);
      this.show(id, null);
    }
  }

  /** For a complete file of the inbox or a verified upload: moved, not copied. */
  async moveIn(
    file: string,
    facts: {
      readonly id: string;
      readonly name: string;
      readonly priority: Priority;
      readonly source: string;
    },
  ): Promise<DatasetRecord> {
    const name = this.options.store.reserve(plainName(facts.name));
    try {
      const folder = this.options.paths.queue[facts.priority];
      await mkdir(folder, { recursive: true });
      await moveFile(file, path.join(folder, name));
      const record = await this.options.store.adoptQueued({ ...facts, name, complete: true });
      if (name !== facts.name)
        this.options.journal.write({
          what: 'datasets.rename',
          text:
            name === plainName(facts.name)
              ? `${facts.name} has a name that can't be kept, so the file is named ${name}.`
              : `${facts.name} already exists, so the new file is named ${name}.`,
          dataset: record.meta.id,
        });
      return record;
    } finally {
      this.options.store.release(name);
    }
  }

  takeFromInbox(entry: InboxEntry): Promise<DatasetRecord> {
    return this.moveIn(entry.file, {
      id: entry.id,
      // The name of the entry is the one that is shown.
      name: path.basename(entry.file),
      priority: 'normal',
      source: 'inbox',
    });
  }
}

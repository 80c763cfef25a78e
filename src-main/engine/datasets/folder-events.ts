/**
 * Reports that something in a folder or its subfolders changed, and nothing else. A watcher that lists
 * a folder at every change takes most of the engine's time when 2,000 files move out of it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { unlessTemporary } from '../../kit/system-errors.ts';

const MAX_DEPTH = 4;

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
}

export class FolderEvents {
  private readonly roots: readonly string[];
  private readonly changed: () => void;
  private readonly watched = new Map<string, Watched>();
  private isClosed = false;

  constructor(roots: readonly string[], changed: () => void) {
    this.roots = roots;
    this.changed = changed;
  }

  /** Watches folders that are new or were replaced, and forgets those that are gone. */
  async sync(): Promise<void> {
    const found = new Set<string>();
    for (const root of this.roots) await this.add(root, MAX_DEPTH, found);
    for (const folder of [...this.watched.keys()]) if (!found.has(folder)) this.forget(folder);
  }

  close(): void {
    this.isClosed = true;
    for (const folder of [...this.watched.keys()]) this.forget(folder);
  }

  private async add(folder: string, depth: number, found: Set<string>): Promise<void> {
    const facts = await stat(folder).catch(unlessTemporary(null));
    if (facts?.isDirectory() !== true || this.isClosed) return;
    found.add(folder);
    if (this.watched.get(folder)?.inode !== facts.ino) this.watch(folder, facts.ino);
    if (depth === 0) return;
    const entries = await readdir(folder, { withFileTypes: true }).catch(unlessTemporary([]));
    for (const entry of entries)
      if (entry.isDirectory() && !entry.name.startsWith('.'))
        await this.add(path.join(folder, entry.name), depth - 1, found);
  }

  /** Without a watcher (the system allows no more) the timer still finds the change. */
  private watch(folder: string, inode: number): void {
    this.forget(folder);
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name?.startsWith('.') !== true) this.changed();
      });
      watcher.on('error', () => {
        this.forget(folder);
      });
      this.watched.set(folder, { watcher, inode });
    } catch {
      return;
    }
  }

  private forget(folder: string): void {
    this.watched.get(folder)?.watcher.close();
    this.watched.delete(folder);
  }
}

/** The journal in memory and on the disk. */
import path from 'node:path';
import { type JournalEntry, visibleText } from '../../contract/index.ts';
import { journalFileName, readJournal } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { appendLine } from '../../kit/files.ts';

/** What clients mirror. */
const KEPT_ENTRIES = 200;
/** Lines that wait for the disk; beyond this the oldest are dropped. */
const MAX_WAITING = 10_000;

export interface JournalLine {
  readonly what: string;
  readonly text: string;
  readonly step?: number | null;
  readonly dataset?: string | null;
  readonly evidence?: Readonly<Record<string, unknown>>;
}

export interface Journal {
  write(line: JournalLine): JournalEntry;
  /** Newest first, from the disk. */
  read(limit: number): Promise<JournalEntry[]>;
  /** The newest 200, newest first, from memory. */
  recent(): readonly JournalEntry[];
  readonly written: Emitter<JournalEntry>;
  /** Resolves when everything written so far is on the disk, or couldn't be written. */
  flush(): Promise<void>;
}

export function createJournal(options: {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
}): Journal {
  const journal = new WorkspaceJournal(options.paths.journal, options.clock);
  // The engine starts without the earlier lines when they can't be read.
  void journal.readEarlier().catch(() => undefined);
  return journal;
}

class WorkspaceJournal implements Journal {
  readonly written = new Emitter<JournalEntry>();
  private readonly folder: string;
  private readonly clock: Clock;
  private entries: readonly JournalEntry[] = [];
  private waiting: JournalEntry[] = [];
  private draining: Promise<void> | null = null;
  private serial = 0;

  constructor(folder: string, clock: Clock) {
    this.folder = folder;
    this.clock = clock;
  }

  write({ what, text, step = null, dataset = null, evidence }: JournalLine): JournalEntry {
    const t = this.clock.now();
    const id = `j-${Math.round(t * 1000).toString(36)}-${(this.serial++).toString(36)}`;
    const visible = visibleText(text);
    const entry: JournalEntry = {
      id,
      t,
      what,
      text: visible,
      step,
      dataset,
      evidence: { ...evidence },
    };
    this.entries = [entry, ...this.entries].slice(0, KEPT_ENTRIES);
    this.waiting.push(entry);
    this.draining ??= this.drain().finally(() => {
      this.draining = null;
    });
    this.written.emit(entry);
    return entry;
  }

  async read(limit: number): Promise<JournalEntry[]> {
    await this.flush();
    return readJournal(this.folder, limit);
  }

  recent(): readonly JournalEntry[] {
    return this.entries;
  }

  async flush(): Promise<void> {
    // A line that was written while the last drain ended needs another one.
    for (let turn = 0; turn < 3 && (this.draining !== null || this.waiting.length > 0); turn += 1)
      await (this.draining ?? this.drain());
  }

  async readEarlier(): Promise<void> {
    const earlier = await readJournal(this.folder, KEPT_ENTRIES);
    const known = new Set(this.entries.map((entry) => entry.id));
    const older = earlier.filter((entry) => !known.has(entry.id));
    this.entries = [...this.entries, ...older].slice(0, KEPT_ENTRIES);
  }

  private async drain(): Promise<void> {
    for (;;) {
      const next = this.waiting[0];
      if (next === undefined) return;
      try {
        await appendLine(path.join(this.folder, journalFileName(next.t)), next);
        this.waiting.shift();
      } catch {
        // The disk is full or gone: the lines are written together with the next one.
        if (this.waiting.length > MAX_WAITING) this.waiting = this.waiting.slice(-MAX_WAITING);
        return;
      }
    }
  }
}

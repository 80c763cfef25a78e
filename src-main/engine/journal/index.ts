/**
 * Journal: every decision and intervention, one line each with its evidence, in journal/YYYYMM.jsonl.
 * Promises: a line that was written is in memory at once and on the disk in order; a full disk never stops who writes.
 * Never: decides anything, removes a line.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { journalEntry, type JournalEntry } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { appendLine } from '../../kit/files.ts';
import { readJsonLines } from '../../kit/lines.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';

/** What the window mirrors. */
const keptRecent = 200;
/** Lines that wait for the disk; beyond this the oldest are dropped and counted. */
const keptWaiting = 10_000;

export interface JournalLine {
  readonly what: string;
  readonly text: string;
  readonly step?: number | null;
  readonly dataset?: string | null;
  readonly evidence?: Readonly<Record<string, unknown>>;
}

export interface Journal {
  write(line: JournalLine): JournalEntry;
  /** Newest first. */
  read(limit: number): Promise<JournalEntry[]>;
  /** The newest 200 of memory, newest first. */
  recent(): readonly JournalEntry[];
  readonly written: Emitter<JournalEntry>;
  /** Resolves when everything written so far is on the disk, or could not be put there. */
  flush(): Promise<void>;
}

function monthOf(t: number): string {
  const date = new Date(t * 1000);
  return `${String(date.getUTCFullYear())}${String(date.getUTCMonth() + 1).padStart(2, '0')}`;
}

export function createJournal(options: {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
}): Journal {
  const written = new Emitter<JournalEntry>();
  let recent: JournalEntry[] = [];
  let waiting: JournalEntry[] = [];
  let draining: Promise<void> | null = null;
  let serial = 0;

  async function drain(): Promise<void> {
    for (;;) {
      const next = waiting[0];
      if (next === undefined) return;
      try {
        await appendLine(path.join(options.paths.journal, `${monthOf(next.t)}.jsonl`), next);
        waiting.shift();
      } catch {
        // The disk is full or gone: the lines stay in memory and go out with the next write.
        if (waiting.length > keptWaiting) waiting = waiting.slice(-keptWaiting);
        return;
      }
    }
  }

  async function stored(limit: number): Promise<JournalEntry[]> {
    const names = (await readdir(options.paths.journal).catch(() => []))
      .filter((name) => /^\d{6}\.jsonl$/.test(name))
      .sort()
      .reverse();
    const out: JournalEntry[] = [];
    for (const name of names) {
      const lines = await readJsonLines(path.join(options.paths.journal, name));
      for (const line of lines.reverse()) {
        const parsed = journalEntry.safeParse(line);
        if (parsed.success) out.push(parsed.data);
        if (out.length >= limit) return out;
      }
    }
    return out;
  }

  const journal: Journal = {
    write(line) {
      const t = options.clock.now();
      const entry: JournalEntry = {
        id: `j-${Math.round(t * 1000).toString(36)}-${(serial++).toString(36)}`,
        t,
        what: line.what,
        text: line.text,
        step: line.step ?? null,
        dataset: line.dataset ?? null,
        evidence: { ...line.evidence },
      };
      recent = [entry, ...recent].slice(0, keptRecent);
      waiting.push(entry);
      draining ??= drain().finally(() => {
        draining = null;
      });
      written.emit(entry);
      return entry;
    },
    async read(limit) {
      await journal.flush();
      return stored(limit);
    },
    recent: () => recent,
    written,
    async flush() {
      // A line that came while the last drain ended needs one more turn.
      for (let turn = 0; turn < 3 && (draining !== null || waiting.length > 0); turn += 1)
        await (draining ?? drain());
    },
  };
  // The lines of earlier engines belong to the picture; a broken journal is no reason not to start.
  void stored(keptRecent)
    .then((earlier) => {
      const known = new Set(recent.map((entry) => entry.id));
      recent = [...recent, ...earlier.filter((entry) => !known.has(entry.id))].slice(0, keptRecent);
    })
    .catch(() => undefined);
  return journal;
}

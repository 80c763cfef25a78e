/** What lies in inbox/ (files and folders): waited for until complete, then moved into the queue; the rest is named and left there. */
import { constants } from 'node:fs';
import { access, lstat, readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../kit/clock.ts';
import { CompletenessWatch } from './completeness.ts';
import { hasAcceptedExtension, isIgnored, refuseName } from './names.ts';

/** A file that is not in the queue yet, or that never will be. */
export interface InboxEntry {
  readonly id: string;
  readonly file: string;
  readonly name: string;
  readonly bytes: number;
  readonly since: number;
  readonly state: 'waiting' | 'refused';
  readonly message: string;
}

export interface WalkedFile {
  readonly file: string;
  readonly bytes: number;
}
export interface Walk {
  readonly files: readonly WalkedFile[];
  readonly refused: readonly { readonly path: string; readonly message: string }[];
}

/** Every data file under a path, depth first; what is no data file is refused with words. Links are never followed here. */
export async function walk(from: string): Promise<Walk> {
  const files: WalkedFile[] = [];
  const refused: { path: string; message: string }[] = [];
  const visit = async (at: string): Promise<number> => {
    const name = path.basename(at);
    const facts = await lstat(at).catch((error: unknown) => error as NodeJS.ErrnoException);
    if (facts instanceof Error) {
      const why = facts.code === 'ENOENT' ? 'does not exist' : `cannot be read (${facts.code})`;
      refused.push({ path: at, message: `${at} ${why}.` });
      return 0;
    }
    if (facts.isDirectory()) {
      let entries: string[];
      try {
        entries = (await readdir(at)).sort();
      } catch {
        refused.push({ path: at, message: `The folder ${at} cannot be read.` });
        return 0;
      }
      let count = 0;
      for (const entry of entries)
        if (!isIgnored(entry)) count += await visit(path.join(at, entry));
      if (count === 0 && (at === from || hasAcceptedExtension(name)))
        refused.push({
          path: at,
          message: `${name} is a folder without data files; .jsonl, .json, .csv (also .gz or .zst) and .parquet files are read.`,
        });
      return count;
    }
    if (!facts.isFile()) {
      const what = facts.isSymbolicLink() ? 'a link' : 'not a plain file';
      refused.push({ path: at, message: `${name} is ${what}; copy the file itself.` });
      return 0;
    }
    const badName = refuseName(name);
    if (badName !== null) {
      refused.push({ path: at, message: badName });
      return 0;
    }
    try {
      await access(at, constants.R_OK);
    } catch {
      refused.push({ path: at, message: `${name} cannot be read: no permission.` });
      return 0;
    }
    files.push({ file: at, bytes: facts.size });
    return 1;
  };
  await visit(from);
  return { files, refused };
}

export interface InboxOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Takes a complete file out of the inbox. */
  readonly accept: (entry: InboxEntry) => Promise<void>;
}

export class Inbox {
  private readonly o: InboxOptions;
  private readonly watch: CompletenessWatch;
  private entriesByFile = new Map<string, InboxEntry>();

  constructor(options: InboxOptions) {
    this.o = options;
    this.watch = new CompletenessWatch(() => options.clock.monotonic());
  }

  entries(): readonly InboxEntry[] {
    return [...this.entriesByFile.values()];
  }

  /** One look at everything; answers whether something is shown differently now. */
  async look(): Promise<boolean> {
    const before = JSON.stringify(this.entries());
    const next = new Map<string, InboxEntry>();
    const top = (await readdir(this.o.folder).catch(() => [])).filter((name) => !isIgnored(name));
    const files: WalkedFile[] = [];
    for (const name of top) {
      const found = await walk(path.join(this.o.folder, name));
      files.push(...found.files);
      for (const refusal of found.refused)
        next.set(
          refusal.path,
          this.entry(refusal.path, 0, 'refused', `${refusal.message} It stays in inbox/.`),
        );
    }
    const answers = await this.watch.look(files.map((file) => file.file));
    const accepted: InboxEntry[] = [];
    for (const { file, bytes } of files) {
      const answer = answers.get(file);
      if (answer === undefined) continue;
      if (answer.complete) accepted.push(this.entry(file, bytes, 'waiting', 'complete'));
      else next.set(file, this.entry(file, bytes, 'waiting', answer.reason));
    }
    this.entriesByFile = next;
    for (const entry of accepted) {
      await this.o.accept(entry);
      this.watch.forget(entry.file);
      await this.removeEmptyFolders(path.dirname(entry.file));
    }
    return accepted.length > 0 || before !== JSON.stringify(this.entries());
  }

  private entry(
    file: string,
    bytes: number,
    state: InboxEntry['state'],
    message: string,
  ): InboxEntry {
    const known = this.entriesByFile.get(file);
    return {
      id: known?.id ?? this.o.newId(),
      file,
      name: path.basename(file),
      bytes,
      since: known?.since ?? this.o.clock.now(),
      state,
      message,
    };
  }

  /** A folder whose last file was taken goes too, unless somebody may still be copying into it. */
  private async removeEmptyFolders(folder: string): Promise<void> {
    if (folder === this.o.folder || !folder.startsWith(this.o.folder)) return;
    const facts = await lstat(folder).catch(() => null);
    if (facts === null || (await readdir(folder).catch(() => ['?'])).length > 0) return;
    await rmdir(folder).catch(() => undefined);
    await this.removeEmptyFolders(path.dirname(folder));
  }
}

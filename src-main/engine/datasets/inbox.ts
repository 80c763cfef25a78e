/** Files and folders in inbox/: complete data files move to the queue, the rest stays there with a reason. */
import { constants } from 'node:fs';
import { access, lstat, readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { visibleText } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { CompletenessWatch } from './completeness.ts';
import { hasAcceptedExtension, isIgnored, refuseName, SUPPORTED_FILES } from './names.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

/** The inbox is left alone this many times as long as looking at it took. */
const REST_FACTOR = 20;

/** A file that isn't in the queue yet, or can't be queued. */
export interface InboxEntry {
  readonly id: string;
  readonly file: string;
  readonly name: string;
  readonly bytes: number;
  readonly since: number;
  readonly state: 'waiting' | 'refused';
  readonly message: string;
}

export interface DataFile {
  readonly file: string;
  readonly bytes: number;
}
export interface DataFiles {
  readonly files: readonly DataFile[];
  readonly refused: readonly { readonly path: string; readonly message: string }[];
}

/** Node reads a name that isn't UTF-8 with a replacement character, and then finds no such file. */
function unreadableText(name: string, { code }: NodeJS.ErrnoException): string {
  if (code !== 'ENOENT') return `can't be read (${code ?? 'unknown error'})`;
  return name.includes('\ufffd') ? 'has a name that is not UTF-8; rename it' : 'does not exist';
}

/** All data files under a path, depth first; other files are refused with a reason. Links are not followed. */
export async function findDataFiles(from: string): Promise<DataFiles> {
  const files: DataFile[] = [];
  const refused: { path: string; message: string }[] = [];
  const visit = async (at: string): Promise<number> => {
    const name = visibleText(path.basename(at));
    const facts = await lstat(at).catch((error: unknown) => error as NodeJS.ErrnoException);
    if (facts instanceof Error) {
      refused.push({ path: at, message: `${visibleText(at)} ${unreadableText(name, facts)}.` });
      return 0;
    }
    if (facts.isDirectory()) {
      let entries: string[];
      try {
        entries = (await readdir(at)).sort();
      } catch {
        refused.push({ path: at, message: `The folder ${visibleText(at)} can't be read.` });
        return 0;
      }
      let count = 0;
      for (const entry of entries)
        if (!isIgnored(entry)) count += await visit(path.join(at, entry));
      if (count === 0 && (at === from || hasAcceptedExtension(at)))
        refused.push({
          path: at,
          message: `${name} is a folder without data files. Supported: ${SUPPORTED_FILES}.`,
        });
      return count;
    }
    if (!facts.isFile()) {
      const what = facts.isSymbolicLink() ? 'a link' : 'not a regular file';
      refused.push({ path: at, message: `${name} is ${what}. Copy the file itself.` });
      return 0;
    }
    const badName = refuseName(path.basename(at));
    if (badName !== null) {
      refused.push({ path: at, message: badName });
      return 0;
    }
    try {
      await access(at, constants.R_OK);
    } catch {
      refused.push({ path: at, message: `${name} can't be read: permission denied.` });
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
  /** Moves a complete file out of the inbox. */
  readonly accept: (entry: InboxEntry) => Promise<void>;
}

export class Inbox {
  private readonly options: InboxOptions;
  private readonly watch: CompletenessWatch;
  private entriesByFile = new Map<string, InboxEntry>();
  private notBefore = -Infinity;

  constructor(options: InboxOptions) {
    this.options = options;
    this.watch = new CompletenessWatch(() => options.clock.monotonic());
  }

  entries(): readonly InboxEntry[] {
    return [...this.entriesByFile.values()];
  }

  /** Whether it rests: looking at thousands of files that can't be queued yet takes a while. */
  get isResting(): boolean {
    return this.options.clock.monotonic() < this.notBefore;
  }

  /** Checks every file; true when the entries changed. */
  async scan(): Promise<boolean> {
    const began = this.options.clock.monotonic();
    const before = JSON.stringify(this.entries());
    const next = new Map<string, InboxEntry>();
    const top = (await readdir(this.options.folder).catch(unlessTemporary([]))).filter(
      (name) => !isIgnored(name),
    );
    const files: DataFile[] = [];
    for (const name of top) {
      const found = await findDataFiles(path.join(this.options.folder, name));
      files.push(...found.files);
      for (const refusal of found.refused)
        next.set(
          refusal.path,
          this.entry(refusal.path, 0, 'refused', `${refusal.message} It remains in inbox/.`),
        );
    }
    const answers = await this.watch.check(files.map((file) => file.file));
    const accepted: InboxEntry[] = [];
    for (const { file, bytes } of files) {
      const answer = answers.get(file);
      if (answer === undefined) continue;
      if (answer.complete) accepted.push(this.entry(file, bytes, 'waiting', 'complete'));
      else next.set(file, this.entry(file, bytes, 'waiting', answer.reason));
    }
    this.entriesByFile = next;
    const now = this.options.clock.monotonic();
    this.notBefore = now + (now - began) * REST_FACTOR;
    for (const entry of accepted) {
      await this.options.accept(entry);
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
      id: known?.id ?? this.options.newId(),
      file,
      name: visibleText(path.basename(file)),
      bytes,
      since: known?.since ?? this.options.clock.now(),
      state,
      message,
    };
  }

  /** Removes the folder of a file that was moved, and its parents, once they are empty. */
  private async removeEmptyFolders(folder: string): Promise<void> {
    if (folder === this.options.folder || !folder.startsWith(this.options.folder)) return;
    const facts = await lstat(folder).catch(unlessTemporary(null));
    if (facts === null || (await readdir(folder).catch(() => ['?'])).length > 0) return;
    await rmdir(folder).catch(() => undefined);
    await this.removeEmptyFolders(path.dirname(folder));
  }
}

/**
 * Whether a file that another program writes is complete, so that no half-copied file is trained. It
 * must be unchanged for a while, not open for writing, and have its end: a whole last line, or what
 * closes a compressed file, Parquet or JSON.
 */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { checkFileEnd } from './file-end.ts';
import { openRegular } from '../../kit/regular-file.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export interface Observation {
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Monotonic seconds since bytes and mtime were first seen like this. */
  readonly unchangedFor: number;
  readonly openForWriting: boolean;
  /** `no_end`: a compressed file, Parquet or JSON whose end is missing. */
  readonly lastLine: 'whole' | 'cut' | 'open_ended' | 'no_end';
}

export type Completeness =
  | { readonly complete: true; readonly cut: boolean }
  | { readonly complete: false; readonly reason: string };

const SETTLE_SECONDS = 3;
/** For a text whose end can't be detected: a CSV without a final newline. */
const SETTLE_OPEN_ENDED_SECONDS = 60;
const SETTLE_CUT_SECONDS = 600;
/** A last line longer than this counts as cut. */
const TAIL_BYTES = 4 * 1024 * 1024;

/** Coarse, so that a list of thousands of files isn't another one each second. */
function ageText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 10) return `${String(whole)} s`;
  return whole < 60 ? `${String(whole - (whole % 5))} s` : `${String(Math.floor(whole / 60))} min`;
}

/** A file that ends in mid-line is accepted after 10 minutes without a change; intake then rejects that line. */
export function decideComplete(seen: Observation): Completeness {
  const age = ageText(seen.unchangedFor);
  if (seen.unchangedFor < SETTLE_SECONDS)
    return { complete: false, reason: `still being copied, changed ${age} ago` };
  if (seen.openForWriting)
    return {
      complete: false,
      reason: `still being copied: open in another program, last change ${age} ago`,
    };
  if (seen.lastLine === 'cut' && seen.unchangedFor < SETTLE_CUT_SECONDS)
    return {
      complete: false,
      reason: `the last line is incomplete, last change ${age} ago; used as is after 10 min without a change`,
    };
  if (seen.lastLine === 'no_end' && seen.unchangedFor < SETTLE_CUT_SECONDS)
    return {
      complete: false,
      reason: `the end of the file is missing, last change ${age} ago; used as is after 10 min without a change`,
    };
  if (seen.lastLine === 'open_ended' && seen.unchangedFor < SETTLE_OPEN_ENDED_SECONDS)
    return {
      complete: false,
      reason: `no newline at the end, last change ${age} ago; used as is after 1 min without a change`,
    };
  return { complete: true, cut: seen.lastLine === 'cut' || seen.lastLine === 'no_end' };
}

/** Reads the end of a file of lines only. */
export async function checkLastLine(file: string): Promise<Observation['lastLine']> {
  const end = await checkFileEnd(file);
  if (end !== null) return end;
  const handle = await openRegular(file);
  try {
    const { size } = await handle.stat();
    if (size === 0) return 'whole';
    const length = Math.min(size, TAIL_BYTES);
    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, size - 1);
    if (last[0] === 10) return 'whole';
    const tail = Buffer.alloc(length);
    await handle.read(tail, 0, length, size - length);
    const text = tail.toString('utf8').trimEnd();
    if (/\.(csv|tsv|txt)$/i.test(file) || text.includes('\0')) return 'open_ended';
    const line = text.slice(text.lastIndexOf('\n') + 1);
    return isJson(line) || isJson(text) ? 'whole' : 'cut';
  } finally {
    await handle.close();
  }
}

/** A last line, or one object over several lines. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Which of the files a process has open for writing. Linux only, and only for processes of this user;
 * otherwise the two other signs decide.
 */
export async function openForWriting(files: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (process.platform !== 'linux' || files.size === 0) return found;
  const processes = (await readdir('/proc').catch(unlessTemporary([]))).filter((name) =>
    /^\d+$/.test(name),
  );
  for (const pid of processes) {
    const folder = `/proc/${pid}/fd`;
    const descriptors = await readdir(folder).catch(unlessTemporary([]));
    for (const descriptor of descriptors) {
      const target = await readlink(path.join(folder, descriptor)).catch(unlessTemporary(''));
      if (!files.has(target) || found.has(target)) continue;
      const info = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(
        unlessTemporary(''),
      );
      const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '0', 8);
      if ((flags & 3) !== 0) found.add(target);
    }
  }
  return found;
}

interface FileVersion {
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly since: number;
  lastLine?: Observation['lastLine'];
}

/** Tracks how long each file has been unchanged. `monotonic` in seconds. */
export class CompletenessWatch {
  private readonly versions = new Map<string, FileVersion>();
  private readonly monotonic: () => number;
  constructor(monotonic: () => number) {
    this.monotonic = monotonic;
  }

  /** A file that is gone or can't be read has no entry. */
  async check(
    files: readonly string[],
  ): Promise<ReadonlyMap<string, Completeness & { readonly bytes: number }>> {
    const now = this.monotonic();
    const settled: string[] = [];
    const answers = new Map<string, Completeness & { readonly bytes: number }>();
    for (const file of files) {
      const facts = await stat(file).catch(unlessTemporary(null));
      if (facts === null || !facts.isFile()) {
        this.versions.delete(file);
        continue;
      }
      const before = this.versions.get(file);
      const same =
        before !== undefined && before.bytes === facts.size && before.mtimeMs === facts.mtimeMs;
      const version: FileVersion = same
        ? before
        : { bytes: facts.size, mtimeMs: facts.mtimeMs, since: now };
      this.versions.set(file, version);
      if (now - version.since >= SETTLE_SECONDS) settled.push(file);
      else
        answers.set(file, {
          ...decideComplete({
            bytes: version.bytes,
            mtimeMs: version.mtimeMs,
            unchangedFor: now - version.since,
            openForWriting: false,
            lastLine: 'whole',
          }),
          bytes: version.bytes,
        });
    }
    const writing = await openForWriting(new Set(settled));
    for (const file of settled) {
      const version = this.versions.get(file);
      if (version === undefined) continue;
      const lastLine = (version.lastLine ??= await checkLastLine(file).catch(
        () => 'whole' as const,
      ));
      answers.set(file, {
        ...decideComplete({
          bytes: version.bytes,
          mtimeMs: version.mtimeMs,
          unchangedFor: now - version.since,
          openForWriting: writing.has(file),
          lastLine,
        }),
        bytes: version.bytes,
      });
    }
    return answers;
  }

  forget(file: string): void {
    this.versions.delete(file);
  }
}

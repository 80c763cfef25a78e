/**
 * Is a file that somebody else writes complete? Half-copied files were once taken and trained. Three signs must agree: nothing
 * changed for a while, nobody has it open for writing, and its last line is whole.
 */
import { open, readdir, readFile, readlink, stat } from 'node:fs/promises';
import path from 'node:path';

export interface Observation {
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Monotonic seconds since bytes and mtime were first seen like this. */
  readonly unchangedFor: number;
  readonly openForWriting: boolean;
  readonly lastLine: 'whole' | 'cut' | 'open_ended';
}

export type Completeness =
  | { readonly complete: true; readonly cut: boolean }
  | { readonly complete: false; readonly reason: string };

const settle = 3;
/** A text whose end cannot be told (a CSV without a final newline) is taken after this time. */
const settleOpenEnded = 60;
const settleCut = 600;

/** Seconds in; a file cut in mid-line is taken after 10 minutes without a change, and that line is then rejected by number. */
export function decideComplete(seen: Observation): Completeness {
  const age = Math.max(0, Math.round(seen.unchangedFor));
  if (seen.unchangedFor < settle)
    return { complete: false, reason: `still being copied, grew ${age} s ago` };
  if (seen.openForWriting)
    return {
      complete: false,
      reason: `still being copied: a program has it open, last change ${age} s ago`,
    };
  if (seen.lastLine === 'cut' && seen.unchangedFor < settleCut)
    return {
      complete: false,
      reason: `the last line is cut off, last change ${age} s ago; read as it is after 10 min without a change`,
    };
  if (seen.lastLine === 'open_ended' && seen.unchangedFor < settleOpenEnded)
    return {
      complete: false,
      reason: `does not end with a new line, last change ${age} s ago; read as it is after 1 min without a change`,
    };
  return { complete: true, cut: seen.lastLine === 'cut' };
}

const tailBytes = 4 * 1024 * 1024;

/** Looks at the end of the file only. A single line longer than 4 MB without a new line at its end counts as cut. */
export async function judgeLastLine(file: string): Promise<Observation['lastLine']> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size === 0) return 'whole';
    const length = Math.min(size, tailBytes);
    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, size - 1);
    const isJsonDocument = file.toLowerCase().endsWith('.json');
    if (last[0] === 10 && !isJsonDocument) return 'whole';
    const tail = Buffer.alloc(length);
    await handle.read(tail, 0, length, size - length);
    const text = tail.toString('utf8').trimEnd();
    if (isJsonDocument) return /[\]}]$/.test(text) ? 'whole' : 'cut';
    if (file.toLowerCase().endsWith('.csv')) return 'open_ended';
    const line = text.slice(text.lastIndexOf('\n') + 1);
    try {
      JSON.parse(line);
      return 'whole';
    } catch {
      return 'cut';
    }
  } finally {
    await handle.close();
  }
}

/**
 * Which of `files` some process has open for writing (Linux, processes that we may look at). Elsewhere and for other users'
 * processes the answer is unknown and the two other signs decide.
 */
export async function openForWriting(files: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (process.platform !== 'linux' || files.size === 0) return found;
  const processes = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    const folder = `/proc/${pid}/fd`;
    const descriptors = await readdir(folder).catch(() => []);
    for (const descriptor of descriptors) {
      const target = await readlink(path.join(folder, descriptor)).catch(() => '');
      if (!files.has(target) || found.has(target)) continue;
      const info = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '');
      const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '0', 8);
      if ((flags & 3) !== 0) found.add(target);
    }
  }
  return found;
}

interface Sight {
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly since: number;
}

/** Remembers how long each file has stayed the same. `monotonic` in seconds. */
export class CompletenessWatch {
  private readonly sights = new Map<string, Sight>();
  private readonly monotonic: () => number;
  constructor(monotonic: () => number) {
    this.monotonic = monotonic;
  }

  /** One answer a file; a file that vanished or cannot be read has none. */
  async look(
    files: readonly string[],
  ): Promise<ReadonlyMap<string, Completeness & { readonly bytes: number }>> {
    const now = this.monotonic();
    const settled: string[] = [];
    const answers = new Map<string, Completeness & { readonly bytes: number }>();
    for (const file of files) {
      const facts = await stat(file).catch(() => null);
      if (facts === null || !facts.isFile()) {
        this.sights.delete(file);
        continue;
      }
      const before = this.sights.get(file);
      const same =
        before !== undefined && before.bytes === facts.size && before.mtimeMs === facts.mtimeMs;
      const sight = same ? before : { bytes: facts.size, mtimeMs: facts.mtimeMs, since: now };
      this.sights.set(file, sight);
      if (now - sight.since >= settle) settled.push(file);
      else
        answers.set(file, {
          ...decideComplete({
            bytes: sight.bytes,
            mtimeMs: sight.mtimeMs,
            unchangedFor: now - sight.since,
            openForWriting: false,
            lastLine: 'whole',
          }),
          bytes: sight.bytes,
        });
    }
    const writing = await openForWriting(new Set(settled));
    for (const file of settled) {
      const sight = this.sights.get(file);
      if (sight === undefined) continue;
      const lastLine = await judgeLastLine(file).catch(() => 'whole' as const);
      answers.set(file, {
        ...decideComplete({
          bytes: sight.bytes,
          mtimeMs: sight.mtimeMs,
          unchangedFor: now - sight.since,
          openForWriting: writing.has(file),
          lastLine,
        }),
        bytes: sight.bytes,
      });
    }
    return answers;
  }

  forget(file: string): void {
    this.sights.delete(file);
  }
}

/**
 * Runs in a thread of its own, two at a time, so that the engine's loop stays free: the writer reads each source once, hashes what it
 * read and writes it; the reader follows at a distance, makes the copy durable piece by piece, and hashes what it reads back.
 * Imports nothing of the program: it is an entry of its own in the build.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { CopyWork, ThreadAnswer, ThreadWork } from './threads.ts';

const block = Buffer.allocUnsafe(1 << 22);
/** What is made durable and read back at once: large enough to keep a disk busy, small enough to follow closely. */
const piece = 1 << 26;
/** A writer or reader that stopped wakes the other one at least this often. */
const patience = 200;

/** Reads `length` bytes on from where the file stands; `take` gets each block. Answers how many there were. */
function readOn(file: number, length: number, take: (part: Buffer) => void): number {
  let done = 0;
  while (done < length) {
    const count = readSync(file, block, 0, Math.min(block.length, length - done), null);
    if (count === 0) break;
    take(block.subarray(0, count));
    done += count;
  }
  return done;
}

function writeAll(file: number, part: Buffer): void {
  for (let at = 0; at < part.length;) at += writeSync(file, part, at);
}

const sameFile = (file: number, before: ReturnType<typeof fstatSync>): boolean => {
  const now = fstatSync(file);
  return now.size === before.size && now.mtimeMs === before.mtimeMs;
};

/** [bytes written of all files, files that are complete, 1 when either side has failed]. */
function signals(shared: SharedArrayBuffer) {
  const bytes = new BigInt64Array(shared, 0, 1);
  const words = new Int32Array(shared, 8, 3);
  return {
    written: (): number => Number(Atomics.load(bytes, 0)),
    complete: (): number => Atomics.load(words, 0),
    failed: (): boolean => Atomics.load(words, 1) === 1,
    tell(more: number, isComplete: boolean): void {
      Atomics.add(bytes, 0, BigInt(more));
      if (isComplete) Atomics.add(words, 0, 1);
      Atomics.add(words, 2, 1);
      Atomics.notify(words, 2);
    },
    fail(): void {
      Atomics.store(words, 1, 1);
      Atomics.notify(words, 2);
    },
    turn: (): number => Atomics.load(words, 2),
    /** Until something was told after `turn`. */
    wait(turn: number): void {
      Atomics.wait(words, 2, turn, patience);
    },
  };
}

function write(work: CopyWork): string[] {
  const signal = signals(work.shared);
  return work.items.map(({ from, to, size, mode }) => {
    const source = openSync(from, 'r');
    try {
      const before = fstatSync(source);
      const target = openSync(to, 'wx', 0o600);
      try {
        const hash = createHash('sha256');
        const count = readOn(source, size, (part) => {
          if (signal.failed()) throw new Error('stopped');
          hash.update(part);
          writeAll(target, part);
          signal.tell(part.length, false);
        });
        // A file that is being written is no source: its copy would be of no moment that ever was.
        if (count !== size || before.size !== size || !sameFile(source, before))
          throw Object.assign(new Error(`${from} was written to while it was copied`), {
            code: 'CHANGED',
          });
        fchmodSync(target, mode);
        signal.tell(0, true);
        return hash.digest('hex');
      } finally {
        closeSync(target);
      }
    } finally {
      closeSync(source);
    }
  });
}

function follow(work: CopyWork): string[] {
  const signal = signals(work.shared);
  let start = 0;
  return work.items.map(({ to, size }, index) => {
    const hash = createHash('sha256');
    let file: number | null = null;
    let read = 0;
    try {
      for (;;) {
        const turn = signal.turn();
        if (signal.failed()) throw new Error('stopped');
        const isComplete = signal.complete() > index;
        const ready = Math.min(signal.written() - start, size) - read;
        if (isComplete || ready >= piece) {
          // Windows flushes only what may be written.
          file ??= openSync(to, process.platform === 'win32' ? 'r+' : 'r');
          if (isComplete) fsyncSync(file);
          else fdatasyncSync(file);
          read += readOn(file, ready, (part) => hash.update(part));
          if (isComplete) break;
        } else signal.wait(turn);
      }
      // One byte too many would be another file, too.
      read += readOn(file, 1, () => undefined);
      if (read !== size)
        throw Object.assign(new Error(`${to} reads back with ${String(read)} bytes`), {
          code: 'CHANGED',
        });
      start += size;
      return hash.digest('hex');
    } finally {
      if (file !== null) closeSync(file);
    }
  });
}

function digest(work: Extract<ThreadWork, { readonly act: 'hash' }>): string[] {
  return work.files.map((name) => {
    const file = openSync(name, 'r');
    try {
      const hash = createHash('sha256');
      readOn(file, Number.MAX_SAFE_INTEGER, (part) => hash.update(part));
      return hash.digest('hex');
    } finally {
      closeSync(file);
    }
  });
}

function answer(work: ThreadWork): ThreadAnswer {
  try {
    switch (work.act) {
      case 'write':
        return { ok: true, hashes: write(work) };
      case 'follow':
        return { ok: true, hashes: follow(work) };
      case 'hash':
        return { ok: true, hashes: digest(work) };
    }
  } catch (error) {
    if (work.act !== 'hash') signals(work.shared).fail();
    const { message, code } = error as NodeJS.ErrnoException;
    return { ok: false, message, code: code ?? null };
  }
}

parentPort?.postMessage(answer(workerData as ThreadWork));

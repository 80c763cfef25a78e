/**
 * Runs in worker threads, two per copy, so that the engine's event loop stays free: the writer
 * reads each source once, hashes and writes it; the reader follows, syncs the copy chunk by chunk,
 * and hashes what it reads back. It is a build entry of its own and imports nothing of the program.
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
import { isNotRegular, openRegularSync } from '../../kit/regular-file.ts';
import type { CopyWork, ThreadAnswer, ThreadWork } from './threads.ts';

const buffer = Buffer.allocUnsafe(1 << 22);
/**
 * Bytes that are synced and read back at once: large enough to keep a disk busy, small enough to
 * follow closely.
 */
const CHUNK_BYTES = 1 << 26;
/** Milliseconds after which a waiting thread checks whether the other one failed. */
const WAKE_INTERVAL = 200;

/**
 * Reads up to `length` bytes from the current position; `onData` gets each part. Returns the number
 * of bytes.
 */
function readParts(file: number, length: number, onData: (part: Buffer) => void): number {
  let done = 0;
  while (done < length) {
    const count = readSync(file, buffer, 0, Math.min(buffer.length, length - done), null);
    if (count === 0) break;
    onData(buffer.subarray(0, count));
    done += count;
  }
  return done;
}

/** A link or a pipe that somebody put in place of a file is neither followed nor waited for. */
function openSource(name: string): number {
  try {
    return openRegularSync(name, 'refuse links');
  } catch (error) {
    if (!isNotRegular(error)) throw error;
    throw Object.assign(new Error(`${name} is not a regular file`), { code: 'CHANGED' });
  }
}

/** For this account alone, whatever the file had: a mode from elsewhere could run as another user. */
const privateMode = (mode: number): number => ((mode & 0o100) === 0 ? 0o600 : 0o700);

function writeAll(file: number, part: Buffer): void {
  for (let at = 0; at < part.length;) at += writeSync(file, part, at);
}

const isUnchanged = (file: number, before: ReturnType<typeof fstatSync>): boolean => {
  const now = fstatSync(file);
  return now.size === before.size && now.mtimeMs === before.mtimeMs;
};

/**
 * Shared memory: bytes written of all files, number of complete files, 1 when either side failed,
 * number of updates.
 */
function signals(shared: SharedArrayBuffer) {
  const bytes = new BigInt64Array(shared, 0, 1);
  const words = new Int32Array(shared, 8, 3);
  return {
    written: (): number => Number(Atomics.load(bytes, 0)),
    complete: (): number => Atomics.load(words, 0),
    failed: (): boolean => Atomics.load(words, 1) === 1,
    advance(more: number, isComplete: boolean): void {
      Atomics.add(bytes, 0, BigInt(more));
      if (isComplete) Atomics.add(words, 0, 1);
      Atomics.add(words, 2, 1);
      Atomics.notify(words, 2);
    },
    fail(): void {
      Atomics.store(words, 1, 1);
      Atomics.notify(words, 2);
    },
    updates: (): number => Atomics.load(words, 2),
    /** Blocks until something changed after `updates` was read. */
    wait(updates: number): void {
      Atomics.wait(words, 2, updates, WAKE_INTERVAL);
    },
  };
}

function write(work: CopyWork): string[] {
  const signal = signals(work.shared);
  return work.items.map(({ from, to, size, mode }) => {
    const source = openSource(from);
    try {
      const before = fstatSync(source);
      const target = openSync(to, 'wx', 0o600);
      try {
        const hash = createHash('sha256');
        const count = readParts(source, size, (part) => {
          if (signal.failed()) throw new Error('stopped');
          hash.update(part);
          writeAll(target, part);
          signal.advance(part.length, false);
        });
        // A copy of a file that is being written to would mix old and new content.
        if (count !== size || before.size !== size || !isUnchanged(source, before))
          throw Object.assign(new Error(`${from} was modified while it was copied`), {
            code: 'CHANGED',
          });
        fchmodSync(target, privateMode(mode));
        signal.advance(0, true);
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
        const updates = signal.updates();
        if (signal.failed()) throw new Error('stopped');
        const isComplete = signal.complete() > index;
        const ready = Math.min(signal.written() - start, size) - read;
        if (isComplete || ready >= CHUNK_BYTES) {
          // Windows can sync only a file that is open for writing.
          file ??= openSync(to, process.platform === 'win32' ? 'r+' : 'r');
          if (isComplete) fsyncSync(file);
          else fdatasyncSync(file);
          read += readParts(file, ready, (part) => hash.update(part));
          if (isComplete) break;
        } else signal.wait(updates);
      }
      // An extra byte at the end is a difference, too.
      read += readParts(file, 1, () => undefined);
      if (read !== size)
        throw Object.assign(new Error(`${to} has ${String(read)} bytes when read back`), {
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
    const file = openSource(name);
    try {
      const hash = createHash('sha256');
      readParts(file, Number.MAX_SAFE_INTEGER, (part) => hash.update(part));
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

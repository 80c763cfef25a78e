/** Copies and hashes files in worker threads. Errors have the file system's `code`, or CHANGED. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

export interface CopyItem {
  readonly from: string;
  readonly to: string;
  readonly size: number;
  readonly mode: number;
}

export interface CopyWork {
  readonly act: 'write' | 'follow';
  readonly items: readonly CopyItem[];
  /** Progress of the writer; see copy-thread. */
  readonly shared: SharedArrayBuffer;
}
export type ThreadWork = CopyWork | { readonly act: 'hash'; readonly files: readonly string[] };

export type ThreadAnswer =
  | { readonly ok: true; readonly hashes: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly code: string | null };

export interface Threads {
  /**
   * Makes independent copies, without hard links or reflinks, and syncs them. Returns the SHA-256
   * of what was read from each source and of what was read back. The folders must exist.
   */
  copy(
    items: readonly CopyItem[],
  ): Promise<readonly { readonly source: string; readonly copy: string }[]>;
  /** SHA-256, hex, of each file. */
  hash(files: readonly string[]): Promise<readonly string[]>;
  /** Stops running work; its callers get an error. */
  close(): void;
}

const own = fileURLToPath(import.meta.url);
/** In the folder of this file, as source and in the build. */
const script = path.join(path.dirname(own), `copy-thread${path.extname(own)}`);

export function createThreads(): Threads {
  const live = new Set<Worker>();

  const start = (work: ThreadWork): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(script, { workerData: work });
      live.add(worker);
      worker.once('message', (answer: ThreadAnswer) => {
        if (answer.ok) resolve(answer.hashes);
        else reject(Object.assign(new Error(answer.message), { code: answer.code }));
      });
      worker.once('error', reject);
      worker.once('exit', () => {
        live.delete(worker);
        reject(new Error('the engine is shutting down'));
      });
    });

  return {
    async copy(items) {
      const shared = new SharedArrayBuffer(24);
      const both = await Promise.allSettled([
        start({ act: 'write', items, shared }),
        start({ act: 'follow', items, shared }),
      ]);
      const errors = both
        .filter((result) => result.status === 'rejected')
        .map(({ reason }) => reason as Error);
      // 'stopped' is the error of the side that ended because the other one failed.
      const first = errors.find((error) => error.message !== 'stopped') ?? errors[0];
      if (first !== undefined) throw first;
      const [source, copy] = both.map((result) =>
        result.status === 'fulfilled' ? result.value : [],
      );
      return items.map((_, at) => ({ source: source?.[at] ?? '', copy: copy?.[at] ?? '' }));
    },
    hash: (files) => start({ act: 'hash', files }),
    close() {
      for (const worker of live) void worker.terminate();
    },
  };
}

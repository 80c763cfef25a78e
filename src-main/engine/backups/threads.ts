/** Copies and hashes in threads. Errors carry the `code` of the file system, or CHANGED. */
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
  /** How far the writer is; see copy-thread. */
  readonly shared: SharedArrayBuffer;
}
export type ThreadWork = CopyWork | { readonly act: 'hash'; readonly files: readonly string[] };

export type ThreadAnswer =
  | { readonly ok: true; readonly hashes: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly code: string | null };

export interface Threads {
  /**
   * Plain copies: no block is shared. Files appear under their names, durable, with the SHA-256 of what was read from the source and of
   * what was read back. Folders are made before.
   */
  copy(
    items: readonly CopyItem[],
  ): Promise<readonly { readonly source: string; readonly copy: string }[]>;
  /** SHA-256, hex, of each file. */
  hash(files: readonly string[]): Promise<readonly string[]>;
  /** Ends what runs; its callers get an error. */
  close(): void;
}

const own = fileURLToPath(import.meta.url);
/** Beside this file: as source, or as the build makes it beside the engine. */
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
        reject(new Error('the engine leaves'));
      });
    });

  return {
    async copy(items) {
      const shared = new SharedArrayBuffer(24);
      const both = await Promise.allSettled([
        start({ act: 'write', items, shared }),
        start({ act: 'follow', items, shared }),
      ]);
      const failed = both
        .filter((promiseSettledResult) => promiseSettledResult.status === 'rejected')
        .map(({ reason }) => reason as Error);
      // The side that only stopped for the other one has nothing to say.
      const first = failed.find((error) => error.message !== 'stopped') ?? failed[0];
      if (first !== undefined) throw first;
      const [source, copy] = both.map((promiseSettledResult) =>
        promiseSettledResult.status === 'fulfilled' ? promiseSettledResult.value : [],
      );
      return items.map((_, at) => ({ source: source?.[at] ?? '', copy: copy?.[at] ?? '' }));
    },
    hash: (files) => start({ act: 'hash', files }),
    close() {
      for (const worker of live) void worker.terminate();
    },
  };
}

/**
 * Adds files to the workspace: by path where the engine can read them, otherwise uploaded in chunks
 * with a hash.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { create } from 'zustand';
import type { Priority } from '../../../src-main/contract/index.ts';
import { command, engine, troubleOf, useTrouble } from '../../engine/index.ts';
import type { Chosen } from '../../host/index.ts';
import { plural } from '../../kit/format.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;

export interface Upload {
  readonly key: string;
  readonly name: string;
  readonly bytes: number;
  readonly sent: number;
  /** Why the upload failed; null while it runs. */
  readonly trouble: string | null;
}

interface UploadsState {
  readonly uploads: readonly Upload[];
  /** The file whose report is open; null after it was closed, undefined before the first choice. */
  readonly selected: string | null | undefined;
}

export const useUploads = create<UploadsState>(() => ({ uploads: [], selected: undefined }));

function put(upload: Upload): void {
  useUploads.setState(({ uploads }) => ({
    uploads: [...uploads.filter((other) => other.key !== upload.key), upload],
  }));
}

export function forget(key: string): void {
  useUploads.setState(({ uploads }) => ({
    uploads: uploads.filter((upload) => upload.key !== key),
  }));
}

/** The same file gets the same key, so that an interrupted upload resumes. */
export function uploadKey(file: Pick<File, 'name' | 'size' | 'lastModified'>): string {
  const text = `${file.name}|${String(file.size)}|${String(file.lastModified)}`;
  return bytesToHex(sha256(utf8ToBytes(text))).slice(0, 32);
}

async function send(file: File, priority: Priority): Promise<void> {
  const key = uploadKey(file);
  let state: Upload = { key, name: file.name, bytes: file.size, sent: 0, trouble: null };
  put(state);
  try {
    const started = await engine().uploads.begin({
      name: file.name,
      bytes: file.size,
      key,
      priority,
    });
    const hash = sha256.create();
    for (let from = 0; from < file.size; from += CHUNK_BYTES) {
      const chunk = file.slice(from, Math.min(file.size, from + CHUNK_BYTES));
      hash.update(new Uint8Array(await chunk.arrayBuffer()));
      const end = from + chunk.size;
      // Bytes that the engine has from an earlier attempt are hashed but not sent again.
      if (end > started.offset) {
        const start = Math.max(from, started.offset);
        await engine().uploads.append({
          upload: started.upload,
          offset: start,
          chunk: new Blob([file.slice(start, end)]),
        });
      }
      state = { ...state, sent: end };
      put(state);
    }
    const summary = await engine().uploads.finish({
      upload: started.upload,
      sha256: bytesToHex(hash.digest()),
    });
    forget(key);
    useUploads.setState(({ selected }) => ({ selected: selected ?? summary.id }));
  } catch (error) {
    const { text, next } = troubleOf(error);
    put({ ...state, trouble: [text, next].filter((part) => part !== null).join(' ') });
  }
}

/** Adds dropped or chosen files to the workspace. Errors are shown, never thrown. */
export function addFiles(chosen: Chosen, priority: Priority): void {
  if (chosen.kind === 'paths') {
    if (chosen.paths.length > 0) void addPaths(chosen.paths, priority);
    return;
  }
  if (chosen.ignored > 0)
    useTrouble.setState({
      trouble: {
        text: `${plural(chosen.ignored, 'file')} in the folder ${chosen.ignored === 1 ? 'was' : 'were'} skipped.`,
        next: 'Only .jsonl, .json, .csv, .tsv, .txt and .parquet files are added from folders.',
      },
    });
  void (async () => {
    // One after another, so that the engine validates the first while the next one uploads.
    for (const file of chosen.files) await send(file, priority);
  })();
}

async function addPaths(paths: readonly string[], priority: Priority): Promise<void> {
  const answer = await command((client) => client.queue.add({ paths: [...paths], priority }));
  if (answer === null) return;
  const first = answer.added[0];
  if (first !== undefined) useUploads.setState({ selected: first.id });
  const refused = answer.refused[0];
  if (refused !== undefined)
    useTrouble.setState({
      trouble: {
        text: `${refused.path}: ${refused.message}`,
        next:
          answer.refused.length > 1
            ? `${plural(answer.refused.length - 1, 'other file')} couldn't be added either.`
            : null,
      },
    });
}

/**
 * Logs: the last lines of the engine's log of today and of the newest trainer's.
 * Promises: reads the end of a file only, whatever its size; a log that is not there is an empty answer with the reason.
 * Never: writes, follows a name that a client sent.
 */
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { LogLines, LogSource } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';

/** Bytes of a file's end that are looked at. */
const WINDOW = 1 << 20;

export interface LogsRoom {
  read(input: {
    readonly source: LogSource;
    readonly search: string;
    readonly limit: number;
  }): Promise<LogLines>;
}

export function createLogs({ paths }: { readonly paths: WorkspacePaths }): LogsRoom {
  async function newest(folder: string, wanted: RegExp): Promise<string | null> {
    const names = (await readdir(folder).catch(() => [])).filter((name) => wanted.test(name));
    const last = names.sort().at(-1);
    return last === undefined ? null : path.join(folder, last);
  }
  async function fileOf(source: LogSource): Promise<string | null> {
    if (source === 'engine') return newest(paths.logs, /^engine_\d{8}\.log$/);
    const run = await newest(paths.runs, /-train-[0-9a-f]+$/);
    return run === null ? null : path.join(run, 'trainer.log');
  }
  return {
    async read({ source, search, limit }) {
      const file = await fileOf(source);
      const end = file === null ? null : await readEnd(file);
      if (file === null || end === null) return { source, path: file, lines: [], more: false };
      const wanted = search.trim().toLowerCase();
      const lines = end.lines.filter((line) => line.toLowerCase().includes(wanted));
      return {
        source,
        path: file,
        lines: lines.slice(-limit),
        more: end.cut || lines.length > limit,
      };
    },
  };
}

/** The whole lines in the last `WINDOW` bytes; null when the file cannot be read. */
async function readEnd(
  file: string,
): Promise<{ readonly lines: readonly string[]; readonly cut: boolean } | null> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - WINDOW);
    const buffer = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
    // A progress bar writes over its line with a carriage return: what stood last is what was seen.
    const lines = buffer
      .subarray(0, bytesRead)
      .toString('utf8')
      .split('\n')
      .map((line) => line.replace(/\r$/, '').split('\r').at(-1) ?? '');
    if (lines.at(-1) === '') lines.pop();
    if (from > 0) lines.shift();
    return { lines, cut: from > 0 };
  } finally {
    await handle.close();
  }
}

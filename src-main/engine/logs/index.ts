/**
 * Logs: the last lines of the engine's log of today and of the newest trainer's.
 * Promises: reads the end of a file only, whatever its size; a log that is not there is an empty answer with the reason.
 * Never: writes, follows a name that a client sent.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { LogLines, LogSource } from '../../contract/index.ts';
import { lastLines } from '../../kit/lines.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';

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
      const end = file === null ? null : await lastLines(file);
      if (file === null || end === null) return { source, path: file, lines: [], more: false };
      const wanted = search.trim().toLowerCase();
      const lines = end.lines.map(visible).filter((line) => line.toLowerCase().includes(wanted));
      return {
        source,
        path: file,
        lines: lines.slice(-limit),
        more: end.isCut || lines.length > limit,
      };
    },
  };
}

/** A progress bar writes over its line with a carriage return: the last text on it is what was seen. */
const visible = (line: string): string => line.replace(/\r$/, '').split('\r').at(-1) ?? '';

/**
 * Logs: the last lines of the engine's newest log and of the newest trainer's log.
 * Promises: reads only the end of a file, whatever its size; a missing log has no lines.
 * Never: writes, opens a path that a client sent.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { LogLines, LogSource } from '../../contract/index.ts';
import { lastLines } from '../../kit/lines.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export interface LogsRoom {
  read(input: {
    readonly source: LogSource;
    readonly search: string;
    readonly limit: number;
  }): Promise<LogLines>;
}

export function createLogs({ paths }: { readonly paths: WorkspacePaths }): LogsRoom {
  async function newest(folder: string, pattern: RegExp): Promise<string | null> {
    const names = (await readdir(folder).catch(unlessTemporary([]))).filter((name) =>
      pattern.test(name),
    );
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
      const text = search.trim().toLowerCase();
      const lines = end.lines.map(visible).filter((line) => line.toLowerCase().includes(text));
      return {
        source,
        path: file,
        lines: lines.slice(-limit),
        more: end.isCut || lines.length > limit,
      };
    },
  };
}

/** A progress bar overwrites its line after each carriage return; only its last text was visible. */
const visible = (line: string): string => line.replace(/\r$/, '').split('\r').at(-1) ?? '';

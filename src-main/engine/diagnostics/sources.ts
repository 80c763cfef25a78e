/** Reads what the bundle is made of from the workspace's files. Whatever is missing or broken is left out; nothing here throws for it. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readJson } from '../../kit/files.ts';
import { lastLines } from '../../kit/lines.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';

/** The whole lines of a file's last megabyte; none when it can't be opened. */
export const endOf = async (file: string, limit: number): Promise<readonly string[]> =>
  (await lastLines(file, limit))?.lines ?? [];

const namesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder).catch(() => [])).sort();

/** Run folders, the newest first. */
export async function newestRuns(paths: WorkspacePaths, limit: number): Promise<readonly string[]> {
  const all = (await namesIn(paths.runs)).filter((name) =>
    /^\d{8}-\d{6}-\w+-[0-9a-f]+$/.test(name),
  );
  return all.toReversed().slice(0, limit);
}

export async function engineLogs(paths: WorkspacePaths): Promise<readonly string[]> {
  const names = (await namesIn(paths.logs)).filter((name) => /^engine_\d{8}\.log$/.test(name));
  return names.slice(-2);
}

export async function journalFiles(paths: WorkspacePaths): Promise<readonly string[]> {
  const names = (await namesIn(paths.journal)).filter((name) => /^\d{6}\.jsonl$/.test(name));
  return names.slice(-2);
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const jsonOr = async (file: string): Promise<Readonly<Record<string, unknown>> | null> => {
  const value = await readJson(file).catch(() => null);
  return isRecord(value) ? value : null;
};

/** Every name that says something about the user's data: files, datasets, versions, bases, the model. */
export async function namesOf(paths: WorkspacePaths, ordinary: string): Promise<readonly string[]> {
  const out = new Set<string>();
  const { queue } = paths;
  for (const folder of [paths.inbox, ...Object.values(queue)])
    for (const name of await namesIn(folder)) out.add(name);
  for (const id of await namesIn(paths.datasets)) {
    out.add(id);
    const name = (await jsonOr(path.join(paths.dataset(id), 'meta.json')))?.['name'];
    if (typeof name === 'string') out.add(name);
  }
  for (const name of await namesIn(paths.versions)) out.add(name);
  for (const name of await namesIn(paths.models)) out.add(name);
  const config = await jsonOr(paths.config);
  for (const key of ['model_name', 'base_model'])
    if (typeof config?.[key] === 'string') out.add(config[key]);
  for (const name of [...out]) {
    const stem = name.replace(/(\.\w+){1,2}$/, '').replace(/^v\d+_/, '');
    if (stem.length >= 6) out.add(stem);
  }
  // The folders and bases that every workspace has say nothing.
  for (const word of ['versions', 'backups', 'starter', 'smollm2', ordinary]) out.delete(word);
  return [...out].filter((name) => !name.startsWith('.'));
}

/** Prompts and answers of the newest previews: they are looked for in the finished bundle. */
export async function previewTexts(
  paths: WorkspacePaths,
  runs: readonly string[],
): Promise<readonly string[]> {
  const out: string[] = [];
  for (const run of runs)
    for (const line of await endOf(path.join(paths.run(run), 'events.jsonl'), 20_000)) {
      if (!line.includes('"preview"')) continue;
      try {
        const event = JSON.parse(line) as Readonly<Record<string, unknown>>;
        for (const key of ['prompt', 'expected', 'produced'])
          if (typeof event[key] === 'string') out.push(event[key]);
      } catch {
        // A line that a crash cut in two.
      }
    }
  return out;
}

export const tokenOf = async (paths: WorkspacePaths): Promise<string> =>
  (await readFile(paths.token, 'utf8').catch(() => '')).trim();

/** Reads the files that a bundle is made from. Missing or broken files are skipped without an error. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isJournalFileName, isObject, isTrainRun, parseJson } from '../../formats/index.ts';
import { readJson } from '../../kit/files.ts';
import { lastLines } from '../../kit/lines.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

/** The whole lines of a file's last megabyte; none when it can't be opened. */
export const endOf = async (file: string, limit: number): Promise<readonly string[]> =>
  (await lastLines(file, limit))?.lines ?? [];

const namesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder).catch(unlessTemporary([]))).sort();

/** Runs that a bundle covers. */
const RUNS = 20;

/** Names of run folders, newest first. */
export async function newestRuns(paths: WorkspacePaths): Promise<readonly string[]> {
  const all = (await namesIn(paths.runs)).filter((name) =>
    /^\d{8}-\d{6}-\w+-[0-9a-f]+$/.test(name),
  );
  return all.toReversed().slice(0, RUNS);
}

export async function newestTrainRuns(paths: WorkspacePaths): Promise<readonly string[]> {
  return (await newestRuns(paths)).filter((run) => isTrainRun(run));
}

export async function engineLogs(paths: WorkspacePaths): Promise<readonly string[]> {
  const names = (await namesIn(paths.logs)).filter((name) => /^engine_\d{8}\.log$/.test(name));
  return names.slice(-2);
}

export async function journalFiles(paths: WorkspacePaths): Promise<readonly string[]> {
  const names = (await namesIn(paths.journal)).filter(isJournalFileName);
  return names.slice(-2);
}

export const jsonOr = async (file: string): Promise<Readonly<Record<string, unknown>> | null> => {
  const value = await readJson(file).catch(unlessTemporary(null));
  return isObject(value) ? value : null;
};

/** Names that the user chose: files, datasets, versions, base models, the model. `defaultName` is not one. */
export async function namesOf(
  paths: WorkspacePaths,
  defaultName: string,
): Promise<readonly string[]> {
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
  // Folders and base models that every workspace has.
  for (const name of ['versions', 'backups', 'starter', 'smollm2', defaultName]) out.delete(name);
  return [...out].filter((name) => !name.startsWith('.'));
}

/** Prompts and answers of previews: the finished bundle is searched for them. */
export async function previewTexts(
  paths: WorkspacePaths,
  runs: readonly string[],
): Promise<readonly string[]> {
  const out: string[] = [];
  for (const run of runs)
    for (const line of await endOf(path.join(paths.run(run), 'events.jsonl'), 20_000)) {
      if (!line.includes('"preview"')) continue;
      // Not by the schema of events: every text must be found, also in an event of another shape.
      const json = parseJson(line);
      if (!json.ok || !isObject(json.value)) continue;
      for (const key of ['prompt', 'expected', 'produced'])
        if (typeof json.value[key] === 'string') out.push(json.value[key]);
    }
  return out;
}

export const tokenOf = async (paths: WorkspacePaths): Promise<string> =>
  (await readFile(paths.token, 'utf8').catch(unlessTemporary(''))).trim();

/**
 * Reads the meta.json of every dataset folder. A damaged one is restored from its last good copy, or
 * rebuilt from the specs of the dataset's runs, its report and the folder of its data file.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type DatasetMeta, isFolderName, isObject, rebuildMeta } from '../../formats/index.ts';
import { readJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { readMeta } from './meta.ts';
import { scanPlaces } from './place-folders.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

const NOT_READ = { value: null, recovered: null, problem: null };

export interface LoadedMetas {
  readonly metas: readonly DatasetMeta[];
  /** Of these, those whose meta.json must be written again, with what was wrong. */
  readonly recovered: readonly {
    readonly meta: DatasetMeta;
    readonly isRebuilt: boolean;
    readonly problem: string | null;
  }[];
  /** Names in data/datasets that aren't datasets, with the reason. */
  readonly ignored: readonly { readonly name: string; readonly reason: string }[];
}

export async function loadMetas(paths: WorkspacePaths, now: number): Promise<LoadedMetas> {
  const metas: DatasetMeta[] = [];
  const recovered: LoadedMetas['recovered'][number][] = [];
  const ignored: LoadedMetas['ignored'][number][] = [];
  const unreadable: string[] = [];
  const entries = await readdir(paths.datasets, { withFileTypes: true }).catch(unlessTemporary([]));
  for (const entry of entries) {
    const { name } = entry;
    if (name.startsWith('.')) continue;
    if (entry.isSymbolicLink() || !isFolderName(name)) {
      const reason = entry.isSymbolicLink() ? 'is a link' : 'has a name that no dataset has';
      ignored.push({ name, reason: `data/datasets/${name} ${reason}` });
      continue;
    }
    const reading = await readMeta(paths.dataset(name)).catch(unlessTemporary(NOT_READ));
    if (reading.value?.id === name && reading.recovered === null) metas.push(reading.value);
    else unreadable.push(name);
  }
  // After all others: a rebuilt dataset must not take a name that another one has.
  const isTaken = (name: string): boolean => metas.some((meta) => meta.name === name);
  for (const id of unreadable) {
    const { value, ...reading } = await readMeta(paths.dataset(id), () =>
      rebuiltMeta(paths, id, isTaken, now),
    ).catch(unlessTemporary(NOT_READ));
    if (value?.id === id && reading.recovered !== null) {
      metas.push(value);
      const isRebuilt = reading.recovered === 'rebuilt';
      recovered.push({ meta: value, isRebuilt, problem: reading.problem });
    } else {
      const reason = reading.problem ?? `data/datasets/${id} has no meta.json`;
      ignored.push({ name: id, reason });
    }
  }
  return { metas, recovered, ignored };
}

/** null when no run names the dataset, or when another dataset has its name. */
async function rebuiltMeta(
  paths: WorkspacePaths,
  id: string,
  isTaken: (name: string) => boolean,
  now: number,
): Promise<DatasetMeta | null> {
  const name = await nameInRuns(paths, id);
  if (name === null || isTaken(name)) return null;
  const { files } = await scanPlaces(paths, () => false);
  const file = files.find((found) => found.name === name);
  return rebuildMeta({
    id,
    name,
    place: file?.place ?? 'completed',
    priority: file?.priority ?? null,
    position: 0,
    t: now,
    report: await readJson(path.join(paths.dataset(id), 'report.json')).catch(
      unlessTemporary(null),
    ),
  });
}

/** From the newest run that trained or validated the dataset. */
async function nameInRuns(paths: WorkspacePaths, id: string): Promise<string | null> {
  const runs = (await readdir(paths.runs).catch(unlessTemporary([]))).sort().reverse();
  for (const run of runs) {
    const spec = await readJson(path.join(paths.run(run), 'spec.json')).catch(
      unlessTemporary(null),
    );
    if (!isObject(spec) || !isObject(spec['dataset'])) continue;
    const { id: datasetId, name } = spec['dataset'];
    if (datasetId === id && typeof name === 'string' && name !== '') return name;
  }
  return null;
}

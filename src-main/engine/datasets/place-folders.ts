/** The folders of the places, the data files in them, and which dataset each file belongs to. */
import { lstat, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Place, Priority } from '../../contract/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { DatasetMeta } from './meta.ts';
import { hasAcceptedExtension, isIgnored } from './names.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export interface PlaceFolder {
  readonly place: Exclude<Place, 'inbox'>;
  /** null outside the queue. */
  readonly priority: Priority | null;
  readonly folder: string;
}

export interface FoundFile extends PlaceFolder {
  readonly name: string;
  readonly bytes: number;
}

export function placeFolders(paths: WorkspacePaths): readonly PlaceFolder[] {
  return [
    { place: 'processing', priority: null, folder: paths.queue.processing },
    { place: 'completed', priority: null, folder: paths.queue.completed },
    { place: 'failed', priority: null, folder: paths.queue.failed },
    { place: 'skipped', priority: null, folder: paths.queue.skipped },
    { place: 'queue', priority: 'high', folder: paths.queue.high },
    { place: 'queue', priority: 'normal', folder: paths.queue.normal },
    { place: 'queue', priority: 'low', folder: paths.queue.low },
  ];
}

/** The data files in the places. `ignored`: paths of anything else, relative to the workspace. */
export async function scanPlaces(
  paths: WorkspacePaths,
  isReserved: (name: string) => boolean,
): Promise<{ readonly files: readonly FoundFile[]; readonly ignored: readonly string[] }> {
  const files: FoundFile[] = [];
  const ignored: string[] = [];
  for (const place of placeFolders(paths)) {
    await mkdir(place.folder, { recursive: true });
    for (const entry of await readdir(place.folder, { withFileTypes: true })) {
      const { name } = entry;
      if (isIgnored(name) || isReserved(name)) continue;
      const file = path.join(place.folder, name);
      if (!entry.isFile() || !hasAcceptedExtension(name)) {
        ignored.push(path.relative(paths.root, file));
        continue;
      }
      const facts = await lstat(file).catch(unlessTemporary(null));
      if (facts !== null) files.push({ ...place, name, bytes: facts.size });
    }
  }
  return { files, ignored };
}

export interface MatchedFile {
  readonly file: FoundFile;
  /** The dataset that the file belongs to; null for a new one. */
  readonly meta: DatasetMeta | null;
  /** Another file of this name is the dataset's. */
  readonly isSecond: boolean;
}

/**
 * Matches files to datasets by name. Of several files with one name, the one where the dataset was last
 * belongs to it. Pure.
 */
export function matchFiles(
  files: readonly FoundFile[],
  metas: Iterable<DatasetMeta>,
): readonly MatchedFile[] {
  const metaByName = new Map([...metas].map((meta) => [meta.name, meta]));
  const filesByName = Map.groupBy(files, (file) => file.name);
  return [...filesByName].flatMap(([name, candidates]) => {
    const meta = metaByName.get(name) ?? null;
    const own =
      candidates.find(
        (file) =>
          file.place === meta?.place_hint &&
          (file.priority === null || file.priority === meta.priority),
      ) ?? candidates[0];
    return candidates.map((file) => ({
      file,
      meta: file === own ? meta : null,
      isSecond: file !== own,
    }));
  });
}

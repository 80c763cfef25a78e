/**
 * What the engine itself stores about a dataset: `data/datasets/<id>/meta.json`. Not its place: that
 * is the folder that the data file is in.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  type DatasetMeta,
  lastGoodOf,
  metaFile,
  readWithFallback,
  type Recovered,
  untrainedMeta,
  writeWithLastGood,
} from '../../formats/index.ts';

export type { DatasetMeta, Validated } from '../../formats/index.ts';

export function newMeta(
  facts: Pick<
    DatasetMeta,
    'id' | 'name' | 'source' | 'added' | 'priority' | 'position' | 'place_hint' | 'complete'
  >,
): DatasetMeta {
  return {
    format: 1,
    ...untrainedMeta(),
    history: [{ t: facts.added, what: `added (${facts.source})` }],
    ...facts,
  };
}

const fileIn = (folder: string): string => path.join(folder, 'meta.json');

/** A damaged file is read from its last good copy, else `rebuild` is called. */
export function readMeta(
  folder: string,
  rebuild?: () => Promise<DatasetMeta | null>,
): Promise<Recovered<DatasetMeta>> {
  const file = fileIn(folder);
  return readWithFallback({
    file,
    format: metaFile,
    lastGood: lastGoodOf(file),
    ...(rebuild === undefined ? {} : { rebuild }),
  });
}

export async function writeMeta(folder: string, meta: DatasetMeta): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeWithLastGood(fileIn(folder), metaFile.toJson(meta));
}

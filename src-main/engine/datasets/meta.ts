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
    held: false,
    mapping: null,
    accept_valid_rows: false,
    seen: null,
    validated: null,
    reason: null,
    finished: null,
    done_steps: null,
    validation_before: null,
    validation_after: null,
    quarantined: [],
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

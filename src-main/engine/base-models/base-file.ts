/** `models/<id>/base.json`: a base model as the worker that made it describes it. */
import path from 'node:path';
import { baseFile, readOrNull } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

export interface BaseModel {
  readonly id: string;
  readonly folder: string;
  readonly hash: string;
  readonly label: string;
  readonly parameters: number | null;
}

/** null for an empty id, and when base.json is missing or can't be read. */
export async function readBaseModel(paths: WorkspacePaths, id: string): Promise<BaseModel | null> {
  if (id === '') return null;
  const folder = paths.base(id);
  const base = await readOrNull(path.join(folder, 'base.json'), baseFile);
  if (base === null) return null;
  const { hash, label, name, parameters } = base;
  return { id, folder, hash, label: label ?? name ?? id, parameters };
}

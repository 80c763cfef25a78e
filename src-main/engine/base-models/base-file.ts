/** `models/<id>/base.json`: a base model as the worker that made it describes it. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { baseFile, isFolderName, readOrNull } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

export interface BaseModel {
  readonly id: string;
  readonly folder: string;
  readonly hash: string;
  readonly label: string;
  readonly parameters: number | null;
}

/** null for an empty id, and when base.json is missing or can't be read. */
export async function readBaseModel(paths: WorkspacePaths, id: string): Promise<BaseModel | null> {
  // The name comes from config.json, which may be anybody's.
  if (id === '' || !isFolderName(id)) return null;
  const folder = paths.base(id);
  const base = await readOrNull(path.join(folder, 'base.json'), baseFile);
  if (base === null) return null;
  const { hash, label, name, parameters } = base;
  return { id, folder, hash, label: label ?? name ?? id, parameters };
}

const NEEDED_FILES = ['config.json', 'tokenizer.json', 'training_template.jinja'];

/** What is missing in the folder; null: every file that training needs is there. */
export async function baseFolderProblem({ id, folder }: BaseModel): Promise<string | null> {
  const names = await readdir(folder).catch(unlessTemporary(null));
  if (names === null) return `base model ${id} can't be read (${folder})`;
  const missing = NEEDED_FILES.find((name) => !names.includes(name));
  if (missing !== undefined) return `base model ${id}: ${path.join(folder, missing)} is missing`;
  return names.some((name) => name.endsWith('.safetensors'))
    ? null
    : `base model ${id}: ${folder} has no weights (*.safetensors)`;
}

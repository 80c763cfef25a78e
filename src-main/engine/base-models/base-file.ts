/** `models/<id>/base.json`: a base model as the worker that made it describes it. */
import path from 'node:path';
import { z } from 'zod';
import { readJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

const baseFile = z.looseObject({
  id: z.string(),
  name: z.string().optional(),
  label: z.string().optional(),
  hash: z.string(),
  parameters: z.number().nullable().optional(),
});

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
  const parsed = baseFile.safeParse(
    await readJson(path.join(folder, 'base.json')).catch(() => null),
  );
  if (!parsed.success) return null;
  const { hash, label, name, parameters } = parsed.data;
  return { id, folder, hash, label: label ?? name ?? id, parameters: parameters ?? null };
}

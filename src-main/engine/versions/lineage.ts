/** The lineage: which base it began from, which branch is the head. `current_model/lineage.json`. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';

const baseFile = z.looseObject({
  id: z.string(),
  name: z.string().optional(),
  label: z.string().optional(),
  hash: z.string(),
  parameters: z.number().nullable().optional(),
});

/** A base model under models/<id>/, as its base.json describes it. */
export interface BaseFacts {
  readonly id: string;
  readonly folder: string;
  readonly hash: string;
  readonly label: string;
  readonly parameters: number | null;
}

export async function readBase(paths: WorkspacePaths, id: string): Promise<BaseFacts | null> {
  if (id === '') return null;
  const folder = paths.base(id);
  const parsed = baseFile.safeParse(
    await readJson(path.join(folder, 'base.json')).catch(() => null),
  );
  if (!parsed.success) return null;
  const { hash, label, name, parameters } = parsed.data;
  return { id, folder, hash, label: label ?? name ?? id, parameters: parameters ?? null };
}

const lineageFile = z.looseObject({
  format: z.number().max(1),
  branch: z.string(),
  head: z.number().int().nullable(),
  base: z.object({ id: z.string(), folder: z.string(), hash: z.string() }),
  method: z.string(),
});
export type Lineage = z.infer<typeof lineageFile>;

/** null: none was begun. A file that cannot be read is an error: nothing may silently begin anew beside trained weights. */
export async function readLineage(paths: WorkspacePaths): Promise<Lineage | null> {
  const raw = await readJson(paths.lineage);
  return raw === null ? null : lineageFile.parse(raw);
}

export async function writeLineage(paths: WorkspacePaths, lineage: Lineage): Promise<void> {
  await mkdir(path.dirname(paths.lineage), { recursive: true });
  await writeJson(paths.lineage, lineage);
}

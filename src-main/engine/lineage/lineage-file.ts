/** `current_model/lineage.json`: the base model, the branches, and which branch is trained. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { point, Refusal } from '../../contract/index.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

const branchEntry = z.object({
  name: z.string(),
  /** The restored point; null: the branch started from the base model. */
  parent: point.nullable(),
  /** Where the model was when the branch was opened; a rollback returns there. */
  left: point.nullable(),
  opened: z.number(),
  why: z.string(),
});
export type BranchEntry = z.infer<typeof branchEntry>;

const lineageFile = z.looseObject({
  format: z.number(),
  branch: z.string(),
  head: z.number().int().nullable(),
  base: z.object({ id: z.string(), folder: z.string(), hash: z.string() }),
  method: z.string(),
  /** Absent in files from before branches existed. */
  branches: z.array(branchEntry).optional(),
});
export type Lineage = z.infer<typeof lineageFile> & { readonly branches: readonly BranchEntry[] };

const HIGHEST_FORMAT = 1;

/**
 * null when no lineage was started. Throws on a file that can't be read: a new lineage must not
 * silently replace one with trained weights. Refusal NOT_READY for a file from a newer version.
 */
export async function readLineage(paths: WorkspacePaths): Promise<Lineage | null> {
  const raw = await readJson(paths.lineage);
  if (raw === null) return null;
  const format = z.looseObject({ format: z.number() }).safeParse(raw);
  if (format.success && format.data.format > HIGHEST_FORMAT)
    throw new Refusal(
      'NOT_READY',
      `${paths.lineage} has format ${format.data.format}, but this version of Nightshift reads only format ${HIGHEST_FORMAT}.`,
      {
        subject: paths.lineage,
        next: 'Start the version of Nightshift that wrote it, or a newer one.',
      },
    );
  const lineage = lineageFile.parse(raw);
  const first: BranchEntry = {
    name: lineage.branch,
    parent: null,
    left: null,
    opened: 0,
    why: `Started from ${lineage.base.id}.`,
  };
  return { ...lineage, branches: lineage.branches ?? [first] };
}

export async function writeLineage(paths: WorkspacePaths, lineage: Lineage): Promise<void> {
  await mkdir(path.dirname(paths.lineage), { recursive: true });
  await writeJson(paths.lineage, lineage);
}

/** The lineage: which base it began from, its branches, which one is the head. `current_model/lineage.json`. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { point, Refusal } from '../../contract/index.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

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

/** One line of the lineage, opened by the start of training or by a restore. */
const branchEntry = z.object({
  name: z.string(),
  /** The restored point; null: it began from the base. */
  parent: point.nullable(),
  /** Where the model stood when it was opened: what a rollback goes back to. */
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
  /** Absent in files that were written before there were branches. */
  branches: z.array(branchEntry).optional(),
});
export type Lineage = z.infer<typeof lineageFile> & { readonly branches: readonly BranchEntry[] };

const highestFormat = 1;

/**
 * null: none was begun. A file that cannot be read is an error: nothing may silently begin anew beside trained weights. Refusal
 * NOT_READY for one that a newer program wrote.
 */
export async function readLineage(paths: WorkspacePaths): Promise<Lineage | null> {
  const raw = await readJson(paths.lineage);
  if (raw === null) return null;
  const format = z.looseObject({ format: z.number() }).safeParse(raw);
  if (format.success && format.data.format > highestFormat)
    throw new Refusal(
      'NOT_READY',
      `${paths.lineage} has format ${format.data.format}; this program reads format ${highestFormat}.`,
      {
        subject: paths.lineage,
        next: 'Start the version of Nightshift that wrote it, or a newer one.',
      },
    );
  const read = lineageFile.parse(raw);
  const first: BranchEntry = {
    name: read.branch,
    parent: null,
    left: null,
    opened: 0,
    why: `It began from ${read.base.id}.`,
  };
  return { ...read, branches: read.branches ?? [first] };
}

export async function writeLineage(paths: WorkspacePaths, lineage: Lineage): Promise<void> {
  await mkdir(path.dirname(paths.lineage), { recursive: true });
  await writeJson(paths.lineage, lineage);
}

/** `branch-2`, `branch-3` …: the lowest number above all that were ever given. `taken`: also names of folders that are there. Pure. */
export function nextBranch(lineage: Lineage, taken: readonly string[]): string {
  const numbers = [...lineage.branches.map((branch) => branch.name), ...taken].map((name) =>
    Number(/^branch-(\d+)$/.exec(name)?.[1] ?? 1),
  );
  return `branch-${Math.max(1, ...numbers) + 1}`;
}

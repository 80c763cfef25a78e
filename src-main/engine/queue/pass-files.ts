/** The pass of a dataset: `data/datasets/<id>/pass.json`, written before anything is launched, so that every run of it is the same. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Config, configSchema } from '../../contract/index.ts';
import { readJson, writeJson } from '../../kit/files.ts';

const start = z.object({ position: z.number().int(), epoch: z.number().int() });

const passFile = z.object({
  format: z.literal(1),
  pass: z.string(),
  dataset: z.string(),
  config: configSchema,
  planned_steps: z.number().int(),
  /** Steps of this dataset before `start`, when a skipped one is continued. */
  steps_before: z.number().int().default(0),
  content_hash: z.string(),
  cache: z.string(),
  base: z.object({ id: z.string(), folder: z.string(), hash: z.string() }),
  /** The branch's step when the pass began; null: the lineage began with it. */
  head_step: z.number().int().nullable(),
  start,
  /** Quarantined rows that this pass does not train, ascending; fixed for the pass, as its positions count the others. */
  excluded_rows: z.array(z.number().int()).default([]),
  started: z.number(),
  /**
   * `left`: a restore went back before it, so nothing goes on from where it stood. `again`: rows that ended the trainer were
   * quarantined, and the dataset waits for a pass without them.
   */
  state: z.enum(['open', 'completed', 'failed', 'skipped', 'left', 'again']),
  reason: z.string().nullable().default(null),
});
export type PassFile = z.infer<typeof passFile>;

const fileOf = (folder: string): string => path.join(folder, 'pass.json');

/** null: there is none, or one that cannot be read; the dataset then begins a new pass. */
export async function readPass(folder: string): Promise<PassFile | null> {
  const parsed = passFile.safeParse(await readJson(fileOf(folder)).catch(() => null));
  return parsed.success ? parsed.data : null;
}
/** As `readPass`, but a disk that answers with an error is no absent pass: it throws. */
export async function requirePass(folder: string): Promise<PassFile | null> {
  const raw = await readJson(fileOf(folder)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === undefined) return null;
    throw error;
  });
  const parsed = passFile.safeParse(raw);
  return parsed.success ? parsed.data : null;
}
export const writePass = (folder: string, pass: PassFile): Promise<void> =>
  writeJson(fileOf(folder), pass);

const cursorFile = z.object({
  format: z.literal(1),
  position: z.number().int(),
  epoch: z.number().int(),
  seed: z.number().int(),
  content_hash: z.string(),
  /** Which rows are trained, and so what the position means. */
  cache: z.string().optional(),
  excluded_rows: z.array(z.number().int()).optional(),
  /** The pass that was skipped. */
  pass: z.string().optional(),
  step: z.number().int(),
});
export type Cursor = z.infer<typeof cursorFile>;

export async function readCursor(folder: string): Promise<Cursor | null> {
  const parsed = cursorFile.safeParse(
    await readJson(path.join(folder, 'cursor.json')).catch(() => null),
  );
  return parsed.success ? parsed.data : null;
}
export const writeCursor = (folder: string, cursor: Cursor): Promise<void> =>
  writeJson(path.join(folder, 'cursor.json'), cursor);
export const removeCursor = (folder: string): Promise<void> =>
  rm(path.join(folder, 'cursor.json'), { force: true });

/**
 * Where a dataset begins: at its cursor when that was taken from the same content, the same accepted rows (`cache`, less the ones
 * left out) and the same order, else at its first example: a row that is trained twice is counted, one that is passed over would be lost.
 */
export function decideStart(
  cursor: Cursor | null,
  now: {
    readonly contentHash: string;
    readonly cache: string;
    readonly excludedRows: readonly number[];
  },
  config: Config,
): { readonly position: number; readonly epoch: number } {
  const isSame =
    cursor?.content_hash === now.contentHash &&
    (cursor.cache === undefined || cursor.cache === now.cache) &&
    (cursor.excluded_rows ?? []).join() === now.excludedRows.join() &&
    cursor.seed === config.seed;
  if (!isSame) return { position: 0, epoch: 0 };
  return { position: cursor.position, epoch: cursor.epoch };
}

/** Checkpoints as the engine sees them: by manifest and sizes. Hashes are the trainer's business when it loads one. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readJson } from '../../kit/files.ts';

const cursor = z.looseObject({
  dataset: z.string(),
  pass: z.string(),
  content_hash: z.string(),
  /** Rows that its position does not count; absent: none. */
  excluded_rows: z.array(z.number().int()).optional(),
  epoch: z.number(),
  seed: z.number(),
  position: z.number(),
  steps_done: z.number(),
  complete: z.boolean(),
});
export type CheckpointCursor = z.infer<typeof cursor>;

/** What was trained on what: enough to go on from weights whose checkpoint is gone. */
export const checkpointOrigin = z.object({
  base: z.object({ id: z.string(), hash: z.string() }).nullable().default(null),
  hashes: z.record(z.string(), z.unknown()).default({}),
  cursor: cursor.nullable(),
});
export type CheckpointOrigin = z.infer<typeof checkpointOrigin>;

const manifestFile = checkpointOrigin.extend({
  format: z.number().max(1),
  step: z.number().int(),
  branch: z.string(),
  created: z.number(),
  files: z.record(z.string(), z.looseObject({ size: z.number() })),
});
export type CheckpointManifest = z.infer<typeof manifestFile>;

export interface Checkpoint {
  readonly step: number;
  readonly folder: string;
  readonly manifest: CheckpointManifest;
  readonly bytes: number;
  /** null: every file of the manifest is there with its size. */
  readonly problem: string | null;
}

export const checkpointName = (step: number): string => `step-${String(step).padStart(8, '0')}`;

async function read(folder: string, step: number): Promise<Checkpoint | null> {
  const parsed = manifestFile.safeParse(
    await readJson(path.join(folder, 'manifest.json')).catch(() => null),
  );
  if (!parsed.success || parsed.data.step !== step) return null;
  let bytes = 0;
  let problem: string | null = null;
  for (const [name, { size }] of Object.entries(parsed.data.files)) {
    const found = (await stat(path.join(folder, name)).catch(() => null))?.size ?? null;
    bytes += found ?? 0;
    if (found === null) problem ??= `${name} is missing`;
    else if (found !== size) problem ??= `${name} has ${found} bytes instead of ${size}`;
  }
  return { step, folder, manifest: parsed.data, bytes, problem };
}

/** null when the folder is no checkpoint. */
export async function readOrigin(folder: string): Promise<CheckpointOrigin | null> {
  const parsed = checkpointOrigin.safeParse(
    await readJson(path.join(folder, 'manifest.json')).catch(() => null),
  );
  return parsed.success ? parsed.data : null;
}

/** Newest first, by number (checkpoint-900 once sorted above checkpoint-1000). Without a readable manifest it does not exist. */
export async function listCheckpoints(branchFolder: string): Promise<readonly Checkpoint[]> {
  const steps = (await readdir(branchFolder).catch(() => []))
    .map((name) => ({ name, step: Number(/^step-(\d+)$/.exec(name)?.[1] ?? Number.NaN) }))
    .filter(({ step }) => Number.isInteger(step))
    .sort((a, b) => b.step - a.step);
  const found: Checkpoint[] = [];
  for (const { name, step } of steps) {
    const checkpoint = await read(path.join(branchFolder, name), step);
    if (checkpoint !== null) found.push(checkpoint);
  }
  return found;
}

export async function newestCheckpoint(branchFolder: string): Promise<Checkpoint | null> {
  return (
    (await listCheckpoints(branchFolder)).find((checkpoint) => checkpoint.problem === null) ?? null
  );
}

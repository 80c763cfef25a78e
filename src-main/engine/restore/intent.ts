/** What a restore is about to do, on the disk before it does it: `current_model/restore.json`. A start that finds it undoes or finishes. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { point } from '../../contract/index.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';

const aftermath = z.object({
  goesOn: z.string().nullable(),
  accounts: z.array(
    z.object({ id: z.string(), steps: z.number().int(), missing: z.string().nullable() }),
  ),
  cursor: z
    .object({
      dataset: z.string(),
      at: z.object({
        format: z.literal(1),
        position: z.number().int(),
        epoch: z.number().int(),
        seed: z.number().int(),
        content_hash: z.string(),
        excluded_rows: z.array(z.number().int()).default([]),
        step: z.number().int(),
      }),
    })
    .nullable(),
  queueAgain: z.array(z.string()),
});

const intentFile = z.object({
  format: z.literal(1),
  id: z.string(),
  title: z.string(),
  by: z.string(),
  started: z.number(),
  phase: z.enum(['pause', 'verify', 'back_up', 'stage', 'switch', 'continue']),
  branch: z.string().regex(/^branch-\d+$/),
  from: point,
  to: point,
  optimizer_state: z.enum(['restored', 'fresh']),
  backup: z.string().nullable(),
  aftermath,
});
export type Intent = z.infer<typeof intentFile>;

export type IntentReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'broken'; readonly problem: string }
  | { readonly kind: 'intent'; readonly intent: Intent };

export async function readIntent(paths: WorkspacePaths): Promise<IntentReading> {
  let raw: unknown;
  try {
    raw = await readJson(paths.restoreIntent);
  } catch (error) {
    return { kind: 'broken', problem: error instanceof Error ? error.message : String(error) };
  }
  if (raw === null) return { kind: 'none' };
  const parsed = intentFile.safeParse(raw);
  return parsed.success
    ? { kind: 'intent', intent: parsed.data }
    : { kind: 'broken', problem: parsed.error.message };
}

export async function writeIntent(paths: WorkspacePaths, intent: Intent): Promise<void> {
  await mkdir(path.dirname(paths.restoreIntent), { recursive: true });
  await writeJson(paths.restoreIntent, intent);
}

export const removeIntent = (paths: WorkspacePaths): Promise<void> =>
  rm(paths.restoreIntent, { force: true });

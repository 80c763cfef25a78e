/**
 * `current_model/restore.json`: what a restore is about to do, written before it does it. An engine
 * that finds the file at its start undoes or finishes the restore.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Point, point } from '../../contract/index.ts';
import { readJson, writeJson } from '../../kit/files.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { Decision } from './decide.ts';

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
        excluded_rows: z.array(z.number().int()).optional(),
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

/** The intent of a decision, before its first phase. */
export function intentOf(
  { plan, aftermath: decideAftermath }: Decision,
  request: { readonly queue_again: boolean; readonly by: string },
  started: number,
): Intent {
  const pointOf = ({ branch, step }: Point): Point => ({ branch, step });
  const after = decideAftermath(request.queue_again);
  return {
    format: 1,
    id: `r-${randomBytes(6).toString('hex')}`,
    title: plan.title,
    by: request.by,
    started,
    phase: 'pause',
    branch: plan.new_branch,
    from: pointOf(plan.from),
    to: pointOf(plan.to),
    optimizer_state: plan.optimizer_state,
    backup: null,
    aftermath: { ...after, accounts: [...after.accounts], queueAgain: [...after.queueAgain] },
  };
}

/**
 * `current_model/restore.json`: what a restore is about to do, written before it does it. An engine
 * that finds the file at its start undoes or finishes the restore.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import { type Point, Refusal, UNDONE_DEFAULT, type UndoneChoice } from '../../contract/index.ts';
import { readFormat, restoreIntent, writeFormat } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { Decision } from './decide.ts';
import { removeInside } from '../../kit/confined.ts';

export type Intent = z.infer<typeof restoreIntent.schema>;

export type IntentReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'broken'; readonly problem: string }
  | { readonly kind: 'intent'; readonly intent: Intent };

export async function readIntent(paths: WorkspacePaths): Promise<IntentReading> {
  let reading;
  try {
    reading = await readFormat(paths.restoreIntent, restoreIntent);
  } catch (error) {
    return { kind: 'broken', problem: error instanceof Error ? error.message : String(error) };
  }
  if (reading === null) return { kind: 'none' };
  if (reading.ok) return { kind: 'intent', intent: reading.value };
  // A newer version wrote it: only that version knows how to finish the restore.
  if (reading.reason === 'newer_format')
    throw new Refusal('NOT_READY', `${reading.problem}.`, {
      subject: paths.restoreIntent,
      next: 'Open the workspace with the newer version.',
    });
  return { kind: 'broken', problem: reading.problem };
}

export async function writeIntent(paths: WorkspacePaths, intent: Intent): Promise<void> {
  await mkdir(path.dirname(paths.restoreIntent), { recursive: true });
  await writeFormat(paths.restoreIntent, restoreIntent, intent);
}

export const removeIntent = (paths: WorkspacePaths): Promise<void> =>
  removeInside(paths.currentModel, paths.restoreIntent);

/** What was chosen for the datasets and the settings of a plan. */
export interface RestoreChoices {
  readonly queue_again: boolean;
  /** Null: for the queue itself, which holds nothing. */
  readonly undone?: UndoneChoice | null | undefined;
  readonly keep_settings?: boolean | undefined;
}

const undoneOf = ({ queue_again, undone }: RestoreChoices): UndoneChoice | null =>
  undone === undefined ? (queue_again ? 'queue' : UNDONE_DEFAULT) : undone;

/** The intent of a decision, before its first phase. */
export function intentOf(
  { plan, aftermath: decideAftermath }: Decision,
  request: RestoreChoices & { readonly by: string },
  started: number,
): Intent {
  const pointOf = ({ branch, step }: Point): Point => ({ branch, step });
  const { settings = [] } = plan;
  const after = decideAftermath(undoneOf(request));
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
    ...(request.keep_settings === true || settings.length === 0
      ? {}
      : { settings: Object.fromEntries(settings.map(({ key, then }) => [key, then])) }),
    aftermath: { ...after, accounts: [...after.accounts], queueAgain: [...after.queueAgain] },
  };
}

/** Exactly what a restore does, from what was read of the workspace. Pure. */
import { createHash } from 'node:crypto';
import {
  type Point,
  Refusal,
  type RestorePlan,
  type RestoreSource,
  type UndoneChoice,
} from '../../contract/index.ts';
import type { BranchEntry } from '../lineage/index.ts';
import type { Aftermath } from '../queue/index.ts';
import { accountsOf, changedDatasets, decideUndone, leavingDatasets } from './changed-datasets.ts';
import { describePhases, titleOf, undoText } from './messages.ts';
import { resolveSource, type SourceInputs } from './resolve-source.ts';
import type { SettingChanges } from './settings.ts';
import type { RestorePhase, SavedPoint } from './types.ts';

export type ModelState = Pick<
  RestorePlan['from'],
  | 'validation_loss'
  | 'validation_dataset'
  | 'evaluated_step'
  | 'evaluated_precision'
  | 'exact_match'
>;

export interface RestoreInputs extends SourceInputs {
  readonly newBranch: string;
  /** Passes that can be continued, by dataset. */
  readonly openPasses: ReadonlyMap<string, string>;
  readonly isTraining: boolean;
  readonly warmupSteps: number;
  readonly modelState: (at: Point, point: SavedPoint | null) => ModelState;
  /** Settings that the point was trained with and that are different now. */
  readonly settings: (point: SavedPoint) => SettingChanges;
  readonly freeBytes: number | null;
  /** Size of the backup that is made first. */
  readonly backupBytes: number;
  /** As measured by this process; null: not yet. */
  readonly seconds: (phase: RestorePhase, bytes: number) => number | null;
  readonly now: number;
}

export interface Decision {
  readonly plan: RestorePlan;
  readonly point: SavedPoint;
  readonly entry: BranchEntry;
  /** What follows the switch; null: datasets that were not finished are queued again. */
  readonly aftermath: (undone: UndoneChoice | null) => Aftermath;
}

/** Space for manifests and file system overhead. */
const OVERHEAD_BYTES = 16 * 1024 * 1024;

/** Refusals NOT_FOUND, NOT_READY. */
export function decideRestore(source: RestoreSource, inputs: RestoreInputs): Decision {
  const from = inputs.at;
  if (from === null)
    throw new Refusal(
      'NOT_READY',
      'Nothing was trained yet, so there is nothing to restore from.',
      {
        next: 'Train first; a checkpoint is saved every save_steps steps and at each pause.',
      },
    );
  const { point, note } = resolveSource(source, inputs);
  const to: Point = { branch: point.branch, step: point.step };
  const isNewLineage = source.kind === 'base';
  const changed = changedDatasets(inputs, isNewLineage ? null : to);
  const leaving = leavingDatasets(changed);
  const continuedPass = passToContinue(inputs, point);
  const undone = source.kind === 'undo_dataset' ? source.dataset : null;
  const title = titleOf(
    source,
    point,
    inputs.datasets.find((dataset) => dataset.id === undone)?.name ?? null,
  );
  const settings = inputs.settings(point);
  const optimizerState = point.optimizerState === null ? 'fresh' : 'restored';
  const neededBytes = inputs.backupBytes + (point.canHardLink ? 0 : point.bytes) + OVERHEAD_BYTES;
  return {
    point,
    entry: {
      name: inputs.newBranch,
      parent: isNewLineage ? null : to,
      left: from,
      opened: inputs.now,
      why: `${title}.`,
    },
    aftermath: (choice) => ({
      goesOn: continuedPass,
      accounts: accountsOf(changed, title),
      cursor: continuedPass === null ? cursorOf(point) : null,
      ...decideUndone(choice, {
        changed: changed.filter(({ id }) => continuedPass === null || id !== point.cursor?.dataset),
        undone,
      }),
    }),
    plan: {
      id: planId({
        source,
        from,
        to,
        point,
        newBranch: inputs.newBranch,
        leaving,
        continuedPass,
        settings,
      }),
      source,
      title,
      from: { ...from, ...inputs.modelState(from, null) },
      to: { ...to, ...inputs.modelState(to, point) },
      new_branch: inputs.newBranch,
      steps_leaving: leaving.reduce((sum, dataset) => sum + dataset.steps, 0),
      optimizer_state: optimizerState,
      warmup_steps: optimizerState === 'fresh' ? inputs.warmupSteps : 0,
      datasets_leaving: leaving,
      phases: describePhases(inputs, { point, from, note, resumesPass: continuedPass !== null }),
      settings,
      disk: {
        free_bytes: inputs.freeBytes,
        needed_bytes: neededBytes,
        fits: inputs.freeBytes === null || neededBytes <= inputs.freeBytes,
      },
      undo: undoText(from),
    },
  };
}

/** The open pass that the restored point lies inside, which training continues; null: none. */
function passToContinue({ openPasses }: RestoreInputs, { cursor }: SavedPoint): string | null {
  if (cursor === null || openPasses.get(cursor.dataset) !== cursor.pass) return null;
  return cursor.pass;
}

/** A closed pass that the restored point lies inside: queued again, the dataset continues there. */
function cursorOf({ cursor, step }: SavedPoint): Aftermath['cursor'] {
  if (cursor === null || cursor.complete) return null;
  const { dataset, position, epoch, seed, content_hash, excluded_rows, row_order } = cursor;
  const at = {
    format: 1 as const,
    position,
    epoch,
    seed,
    content_hash,
    excluded_rows: [...excluded_rows],
    row_order,
    step,
  };
  return { dataset, at };
}

/** What is confirmed. Steps that a running trainer adds in the meantime don't change it. */
function planId(facts: {
  readonly source: RestoreSource;
  readonly from: Point;
  readonly to: Point;
  readonly point: SavedPoint;
  readonly newBranch: string;
  readonly leaving: RestorePlan['datasets_leaving'];
  readonly continuedPass: string | null;
  readonly settings: SettingChanges;
}): string {
  const identity = {
    source: facts.source,
    from: facts.from.branch,
    to: facts.to,
    origin: facts.point.origin,
    optimizer_state: facts.point.optimizerState,
    branch: facts.newBranch,
    leaving: facts.leaving.map(({ id, share }) => [id, share]),
    continued_pass: facts.continuedPass,
    ...(facts.settings.length === 0 ? {} : { settings: facts.settings }),
  };
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
}

/** The phases that write before the switch. Each leaves everything that exists as it is. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Backup, Refusal } from '../../contract/index.ts';
import { listCheckpoints } from '../checkpoints/index.ts';
import { measuredBy } from '../versions/index.ts';
import type { Decision } from './decide.ts';
import type { Intent } from './intent.ts';
import { baseOf, workerRefusal } from './stage-worker.ts';
import type { RestoreOptions } from './types.ts';
import type { VerifiedFiles } from './verify-source.ts';
import { removeInside } from '../../kit/confined.ts';
import { unlessTemporary } from '../../kit/system-errors.ts';

/** A verified backup of the current model; null: nothing is saved on the branch that is trained. */
export async function backUp(
  options: RestoreOptions,
  title: string,
  by: string,
): Promise<Backup | null> {
  const folder = options.paths.checkpoints(options.lineage.branch());
  const exists = await stat(folder).then(
    () => true,
    () => false,
  );
  if (!exists) return null;
  const facts = { type: 'pre-restore', reason: `before "${title}"`, by } as const;
  try {
    return await options.backups.create({ ...facts, source: { kind: 'model' } });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'NOT_READY') throw error;
    // No checkpoint verifies, which may be why the user restores: back up the folder as it is.
    if ((await readdir(folder)).length === 0) return null;
    return options.backups.create({ ...facts, source: { kind: 'folder', path: folder } });
  }
}

/**
 * Before a new lineage starts, the old one is kept as a version, unless its newest checkpoint
 * already is one.
 */
export async function keepAsVersion(
  options: RestoreOptions,
  newBase: string,
  by: string,
): Promise<void> {
  const lineage = options.lineage.current();
  if (lineage === null) return;
  const open = options.queue.open();
  try {
    await options.versions.createManually({
      description: `before ${newBase}`,
      by,
      how: 'before a new lineage',
      dataset: open === null ? null : { id: open.dataset.id, name: open.dataset.name },
      // The setting may name the new base model already.
      config: { ...(open?.pass.config ?? options.config.values()), base_model: lineage.base.id },
      measuredAt: (step) => measuredBy(options.metrics.at(step)),
      trainedSince: options.datasets.trainedSince,
    });
  } catch (error) {
    // A version has it already, or the checkpoint is damaged: then the backup copies it as it is.
    if (!(error instanceof Refusal) || error.code !== 'NOT_READY') throw error;
    options.journal.write({
      what: 'restore.no_version',
      text: `No version was created: ${error.message}`,
    });
  }
}

/** Makes the first checkpoint of the new branch in a folder that nothing reads yet. */
export async function stage(
  options: RestoreOptions,
  { point, entry }: Decision,
  intent: Intent,
  verified: VerifiedFiles,
): Promise<void> {
  const base = baseOf(options, point);
  const into = options.paths.checkpoints(intent.branch);
  const result = await options.trainer.work('stage', {
    stage: {
      action: 'stage',
      intent: { file: options.paths.restoreIntent, id: intent.id },
      model: point.model,
      hard_link: point.canHardLink,
      optimizer_state: point.optimizerState,
      into,
      branch: intent.branch,
      step: point.step,
      parent: entry.parent,
      base: { id: base.id, hash: base.hash },
      hashes: point.hashes,
      cursor: point.cursor,
      warmup_from: point.step,
      read: point.canHardLink ? verified : {},
    },
  });
  if (!result.ok) throw workerRefusal(result, "Couldn't stage the new branch");
  const [first, ...others] = await listCheckpoints(into);
  const problem =
    first === undefined || others.length > 0 || first.step !== point.step
      ? 'the staged branch does not contain exactly the restored step'
      : first.problem;
  if (problem !== null) throw new Error(`${into}: ${problem}`);
}

/**
 * Removes a staged branch that never became the head. A branch that lineage.json names is never
 * removed.
 */
export async function removeStaged(options: RestoreOptions, branch: string): Promise<void> {
  if (options.lineage.branches().some((entry) => entry.name === branch)) return;
  await removeInside(options.paths.branches, options.paths.checkpoints(branch));
  await removePartials(options);
}

/** Removes what a worker that was killed left half-made. */
export async function removePartials(options: RestoreOptions): Promise<void> {
  const root = options.paths.branches;
  for (const name of await readdir(root).catch(unlessTemporary([])))
    if (/^\.branch-\d+\.\d+\.partial$/.test(name)) await removeInside(root, path.join(root, name));
}

/** The phases that touch the disk before the switch, each of which leaves everything that was there as it is. */
import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Backup, Refusal } from '../../contract/index.ts';
import type { EventOf } from '../../formats/index.ts';
import type { WorkerResult } from '../trainer/index.ts';
import { listCheckpoints, measuredBy } from '../versions/index.ts';
import type { Decision } from './decide.ts';
import type { Intent } from './intent.ts';
import { type KeptPoint, nameOf, type RestoreOptions } from './types.ts';

/** What the verification read, by the identity of the file: size and hash, as the worker says them. */
export type ReadFiles = EventOf<'verified'>['read'];

export const newIntentId = (): string => `r-${randomBytes(6).toString('hex')}`;

function refusalOf(result: Extract<WorkerResult, { ok: false }>, what: string): Refusal {
  if (result.category === 'disk_full')
    return new Refusal('DISK_FULL', `The disk became full while ${what}.`, {
      next: 'Free space there, and restore again.',
    });
  return new Refusal('NOT_READY', `${what}: ${result.message}.`, { subject: result.category });
}

/** Reads every byte of what is gone back to. Refusal NOT_READY names the file; `damaged` then hears of a checkpoint's folder. */
export async function verifySource(
  options: RestoreOptions,
  kept: KeptPoint,
  damaged: (folder: string) => void,
): Promise<ReadFiles> {
  const no = (problem: string): never => {
    throw new Refusal('NOT_READY', `${nameOf(kept)} is damaged: ${problem}.`, {
      subject: nameOf(kept),
      next: 'Nothing was changed. Another version, checkpoint or backup can be restored.',
    });
  };
  // A backup of a version holds its folder with its own list of SHA-256, one of the model a checkpoint with its manifest.
  if (kept.origin.kind === 'backup' && kept.optimizerState === null) {
    const problem = await options.versions.problemAt(kept.model);
    if (problem !== null) no(problem);
  }
  const verifyVersion = async (beside: string | null): Promise<void> => {
    if (kept.origin.kind !== 'version') return;
    const checked = await options.versions.verify(kept.origin.name, beside);
    if (!checked.ok) no(checked.problem ?? 'unknown');
  };
  if (kept.origin.kind === 'base') {
    const { hash } = baseOfKept(options, kept);
    const answer = await options.trainer.work('stage', {
      stage: { action: 'verify_base', base: kept.model, hash },
    });
    if (answer.ok) return {};
    if (answer.category !== 'checkpoint_corrupt') throw refusalOf(answer, 'reading the base');
    no(answer.message);
  }
  if (kept.optimizerState === null) {
    await verifyVersion(null);
    return {};
  }
  let read: ReadFiles = {};
  const result = await options.trainer.work(
    'stage',
    { stage: { action: 'verify', checkpoint: kept.optimizerState } },
    {
      onEvent: (event) => {
        if (event.type === 'verified') read = event.read;
      },
    },
  );
  if (result.ok) {
    // Weights that the version shares with the checkpoint were read just now.
    await verifyVersion(path.join(kept.optimizerState, 'model'));
    return read;
  }
  if (result.category !== 'checkpoint_corrupt') throw refusalOf(result, 'reading the checkpoint');
  damaged(kept.optimizerState);
  if (kept.origin.kind !== 'version') no(result.message);
  throw new Refusal(
    'NOT_READY',
    `The checkpoint of step ${String(kept.step)} is damaged (${result.message}), so its moments cannot be kept.`,
    {
      subject: kept.optimizerState,
      next: 'Nothing was changed. A new plan restores the weights with fresh moments and a new warm-up.',
    },
  );
}

/** The model as it is, as an independent copy that was read back; null: nothing is saved on the head's branch. */
export async function backUp(
  options: RestoreOptions,
  title: string,
  by: string,
): Promise<Backup | null> {
  const folder = options.paths.checkpoints(options.versions.branch());
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) return null;
  const facts = { type: 'pre-restore', reason: `before "${title}"`, by } as const;
  try {
    return await options.backups.create({ ...facts, source: { kind: 'model' } });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'NOT_READY') throw error;
    // Nothing of the head verifies, which may be why it is gone back from: it is copied as it lies there.
    if ((await readdir(folder)).length === 0) return null;
    return options.backups.create({ ...facts, source: { kind: 'folder', path: folder } });
  }
}

/** The base that what is gone back to began from; versions of early programs do not say it, and began from the only one there was. */
export function baseOfKept(options: RestoreOptions, kept: KeptPoint): { id: string; hash: string } {
  const base = kept.base ?? options.versions.lineage()?.base ?? null;
  if (base === null) throw new Error('there is no lineage');
  return { id: base.id, hash: base.hash };
}

/** A lineage that is left for another base is kept as a version, unless one holds its newest checkpoint already. */
export async function keepAsVersion(
  options: RestoreOptions,
  base: string,
  by: string,
): Promise<void> {
  const lineage = options.versions.lineage();
  if (lineage === null) return;
  const open = options.queue.open();
  const { evaluation, smoothed } = options.metrics.latest();
  try {
    await options.versions.createByHand({
      description: `before ${base}`,
      by,
      how: 'before a new lineage',
      dataset: open === null ? null : { id: open.dataset.id, name: open.dataset.name },
      // The setting names the new base already.
      config: { ...(open?.pass.config ?? options.config.values()), base_model: lineage.base.id },
      ...measuredBy(evaluation),
      trainingLoss: smoothed,
    });
  } catch (error) {
    // It is kept already, or it does not verify: the backup then copies it as it lies there.
    if (!(error instanceof Refusal) || error.code !== 'NOT_READY') throw error;
    options.journal.write({
      what: 'restore.no_version',
      text: `No version was made: ${error.message}`,
    });
  }
}

/** The first checkpoint of the new branch, complete and read back, in a folder that nothing looks into yet. */
export async function stage(
  options: RestoreOptions,
  decision: Decision,
  intent: Intent,
  read: ReadFiles,
): Promise<void> {
  const { kept } = decision;
  const base = baseOfKept(options, kept);
  const into = options.paths.checkpoints(intent.branch);
  const result = await options.trainer.work('stage', {
    stage: {
      action: 'stage',
      intent: { file: options.paths.restoreIntent, id: intent.id },
      model: kept.model,
      hard_link: kept.share,
      optimizer_state: kept.optimizerState,
      into,
      branch: intent.branch,
      step: kept.step,
      parent: decision.entry.parent,
      base: { id: base.id, hash: base.hash },
      hashes: kept.hashes,
      cursor: kept.cursor === null ? null : { ...kept.cursor, excluded_rows: kept.cursor.excluded_rows ?? [] },
      warmup_from: kept.step,
      read: kept.share ? read : {},
    },
  });
  if (!result.ok) throw refusalOf(result, 'staging the new branch');
  const [first, ...more] = await listCheckpoints(into);
  const problem =
    first === undefined || more.length > 0 || first.step !== kept.step
      ? 'the staged branch does not hold exactly the restored step'
      : first.problem;
  if (problem !== null) throw new Error(`${into}: ${problem}`);
}

/** What was staged and never became the head. Only folders that lineage.json does not name are removed. */
export async function removeStaged(options: RestoreOptions, branch: string): Promise<void> {
  if (options.versions.branches().some((entry) => entry.name === branch)) return;
  await rm(options.paths.checkpoints(branch), { recursive: true, force: true });
  await removePartials(options);
}

/** What a worker that was killed left half-made. */
export async function removePartials(options: RestoreOptions): Promise<void> {
  const root = options.paths.branches;
  for (const name of await readdir(root).catch(() => []))
    if (/^\.branch-\d+\.\d+\.partial$/.test(name))
      await rm(path.join(root, name), { recursive: true, force: true });
}

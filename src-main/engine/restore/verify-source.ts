/** The verify phase: reads every byte of the point that is restored. */
import path from 'node:path';
import { Refusal } from '../../contract/index.ts';
import type { EventOf } from '../../formats/index.ts';
import { nameOf } from './messages.ts';
import { baseOf, workerRefusal } from './stage-worker.ts';
import type { RestoreOptions, SavedPoint } from './types.ts';

/** What the worker verified, by file identity: sizes and hashes as the worker reports them. */
export type VerifiedFiles = EventOf<'verified'>['read'];

/**
 * Refusal NOT_READY names the damaged file; `onDamaged` is called with the folder of a damaged
 * checkpoint.
 */
export async function verifySource(
  options: RestoreOptions,
  point: SavedPoint,
  onDamaged: (folder: string) => void,
): Promise<VerifiedFiles> {
  if (point.origin.kind === 'base') return verifyBase(options, point);
  // A backup of a version contains its own SHA-256 list; one of the model contains a checkpoint
  // manifest.
  if (point.origin.kind === 'backup' && point.optimizerState === null) {
    const problem = await options.versions.problemAt(point.model);
    if (problem !== null) throw damaged(point, problem);
  }
  if (point.optimizerState === null) {
    await verifyVersion(options, point, null);
    return {};
  }
  return verifyCheckpoint(options, point, point.optimizerState, onDamaged);
}

async function verifyBase(options: RestoreOptions, point: SavedPoint): Promise<VerifiedFiles> {
  const { hash } = baseOf(options, point);
  const stage = { action: 'verify_base', base: point.model, hash } as const;
  const result = await options.trainer.work('stage', { stage });
  if (result.ok) return {};
  if (result.category !== 'checkpoint_corrupt')
    throw workerRefusal(result, "Couldn't read the base model");
  throw damaged(point, result.message);
}

async function verifyVersion(
  options: RestoreOptions,
  point: SavedPoint,
  verifiedFolder: string | null,
): Promise<void> {
  if (point.origin.kind !== 'version') return;
  const check = await options.versions.verify(point.origin.name, verifiedFolder);
  if (!check.ok) throw damaged(point, check.problem ?? 'unknown');
}

async function verifyCheckpoint(
  options: RestoreOptions,
  point: SavedPoint,
  checkpoint: string,
  onDamaged: (folder: string) => void,
): Promise<VerifiedFiles> {
  let verified: VerifiedFiles = {};
  const result = await options.trainer.work(
    'stage',
    { stage: { action: 'verify', checkpoint } },
    {
      onEvent: (event) => {
        if (event.type === 'verified') verified = event.read;
      },
    },
  );
  if (result.ok) {
    // Weights that the version hard-links from the checkpoint were read just now.
    await verifyVersion(options, point, path.join(checkpoint, 'model'));
    return verified;
  }
  if (result.category !== 'checkpoint_corrupt')
    throw workerRefusal(result, "Couldn't read the checkpoint");
  onDamaged(checkpoint);
  if (point.origin.kind !== 'version') throw damaged(point, result.message);
  throw new Refusal(
    'NOT_READY',
    `Checkpoint ${String(point.step)} is damaged (${result.message}), so its optimizer state can't be restored.`,
    {
      subject: checkpoint,
      next: 'Nothing was changed. A new plan restores the weights only, with a reset optimizer state and a new warmup.',
    },
  );
}

function damaged(point: SavedPoint, problem: string): Refusal {
  return new Refusal('NOT_READY', `${nameOf(point)} is damaged: ${problem}.`, {
    subject: nameOf(point),
    next: 'Nothing was changed. Restore another version, checkpoint or backup.',
  });
}

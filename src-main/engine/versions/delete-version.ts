/** Deleting a version moves it to the trash, after its name was typed. */
import { bytes as formatBytes } from '../../contract/format.ts';
import { type Point, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { CheckpointsRoom } from '../checkpoints/index.ts';
import type { Journal } from '../journal/index.ts';
import type { VersionFile } from './version-files.ts';
import { TRASH_DAYS, type VersionStore } from './version-store.ts';

export interface DeleteConfirmation {
  /** The full name of the version. */
  readonly confirm: string | null;
  /** Needed when no checkpoint and no other version has the same step. */
  readonly last_copy: boolean;
  readonly by: string;
}

interface Copies {
  readonly store: VersionStore;
  readonly checkpoints: Pick<CheckpointsRoom, 'has'>;
}

export const isSamePoint = (a: Point, b: Point): boolean =>
  a.branch === b.branch && a.step === b.step;

/** Refusal NOT_FOUND. */
export async function findVersion(store: VersionStore, name: string): Promise<VersionFile> {
  const found = (await store.list()).find((version) => version.name === name);
  if (found === undefined)
    throw new Refusal('NOT_FOUND', `There is no version ${name}.`, { subject: name });
  return found;
}

export async function isLastCopy(
  { store, checkpoints }: Copies,
  version: VersionFile,
): Promise<boolean> {
  const hasOther = (await store.list()).some(
    (other) => other.name !== version.name && isSamePoint(other, version),
  );
  return !hasOther && !(await checkpoints.has(version));
}

/**
 * Refusals NOT_FOUND, LOCKED, NEEDS_CONFIRMATION (see the contract). There is no `pre-deletion`
 * backup: the trash keeps the same files for 30 days and takes no space on a disk that may be
 * nearly full.
 */
export async function deleteVersion(
  options: Copies & { readonly journal: Journal; readonly clock: Clock },
  name: string,
  { confirm, last_copy, by }: DeleteConfirmation,
): Promise<void> {
  const { store, journal, clock } = options;
  const version = await findVersion(store, name);
  if (version.pinned)
    throw new Refusal('LOCKED', `${name} is pinned.`, { subject: name, next: 'Unpin it first.' });
  const isLast = await isLastCopy(options, version);
  if (confirm !== name || (isLast && !last_copy)) throw needsConfirmation(version, isLast);
  const folder = await store.toTrash(version, clock.now());
  journal.write({
    what: 'versions.delete',
    text: `Moved ${name} to the trash for ${TRASH_DAYS} days: ${folder} (${by}).`,
    step: version.step,
    evidence: { folder, last_copy: isLast },
  });
}

/** Removes versions that have been in the trash for longer than `TRASH_DAYS`. */
export async function emptyTrash(options: {
  readonly store: VersionStore;
  readonly journal: Journal;
  readonly clock: Clock;
}): Promise<void> {
  const expired = await options.store.emptyTrash(options.clock.now());
  if (expired.length > 0)
    options.journal.write({
      what: 'versions.trash',
      text: `Removed from the trash after ${String(TRASH_DAYS)} days: ${expired.join(', ')}.`,
    });
}

function needsConfirmation({ name, step, bytes }: VersionFile, isLast: boolean): Refusal {
  const size = formatBytes(bytes);
  return new Refusal(
    'NEEDS_CONFIRMATION',
    isLast
      ? `${name} (${size}) is the only copy of step ${step}: no checkpoint and no other version has it.`
      : `${name} (${size}) will be moved to the trash for ${TRASH_DAYS} days.`,
    {
      subject: name,
      next: `To proceed: --confirm ${name}${isLast ? ' --last-copy' : ''}`,
      facts: { confirm: name, last_copy: isLast ? 'yes' : 'no' },
    },
  );
}

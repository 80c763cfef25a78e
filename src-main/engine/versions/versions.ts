/** The list of versions in memory, and what is done with them. */
import path from 'node:path';
import { type Point, Refusal, type Version, type VersionCheck } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { CheckpointOrigin, CheckpointsRoom } from '../checkpoints/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import {
  createAfterPass,
  createFromNewest,
  type ManualVersionInput,
  type PassVersionInput,
} from './create-version.ts';
import { readVersionManifest, toVersion, type VersionFile } from './version-files.ts';
import { TRASH_DAYS, VersionStore } from './version-store.ts';

export type VersionsRoom = Awaited<ReturnType<typeof createVersions>>;

export async function createVersions(options: {
  readonly paths: WorkspacePaths;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly lineage: LineageRoom;
  readonly checkpoints: Pick<CheckpointsRoom, 'newest' | 'has' | 'verify'>;
}) {
  const { paths, journal, clock, checkpoints } = options;
  const store = new VersionStore(paths);
  const changed = new Emitter<void>();
  let versions: readonly Version[] = (await store.list()).map(toVersion);

  const expired = await store.emptyTrash(clock.now());
  if (expired.length > 0)
    journal.write({
      what: 'versions.trash',
      text: `Removed from the trash after ${String(TRASH_DAYS)} days: ${expired.join(', ')}.`,
    });

  async function find(name: string): Promise<VersionFile> {
    const found = (await store.list()).find((version) => version.name === name);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no version ${name}.`, { subject: name });
    return found;
  }
  const isSamePoint = (a: Point, b: Point): boolean => a.branch === b.branch && a.step === b.step;

  async function isLastCopy(version: Version): Promise<boolean> {
    const hasOther = (await store.list()).some(
      (other) => other.name !== version.name && isSamePoint(other, version),
    );
    return !hasOther && !(await checkpoints.has(version));
  }
  async function refresh(): Promise<void> {
    versions = (await store.list()).map(toVersion);
    changed.emit(undefined);
  }

  return {
    changed,
    /** Newest first. */
    list: (): readonly Version[] => versions,
    /** Calling it again for the same pass and step returns the same version. Refusal NOT_READY (damaged checkpoint). */
    async create(input: PassVersionInput): Promise<Version> {
      const version = await createAfterPass({ ...options, store }, input);
      await refresh();
      return toVersion(version);
    },
    /** Keeps the newest checkpoint. Refusal NOT_READY when there is none, or when a version has its step already. */
    async createManually(input: ManualVersionInput): Promise<Version> {
      const version = await createFromNewest({ ...options, store }, input);
      await refresh();
      return toVersion(version);
    },
    /** Whether a version or a complete checkpoint has the weights of this point. */
    async hasWeights(point: Point): Promise<boolean> {
      const hasVersion = (await store.list()).some((version) => isSamePoint(version, point));
      return hasVersion || (await checkpoints.has(point));
    },
    /** Refusal NOT_FOUND. */
    async get(name: string): Promise<{ version: Version; last_copy: boolean }> {
      const version = await find(name);
      return { version: toVersion(version), last_copy: await isLastCopy(version) };
    },
    /** Refusal NOT_FOUND. */
    async pin(name: string, pinned: boolean): Promise<Version> {
      const version = { ...(await find(name)), pinned };
      await store.rewrite(version);
      journal.write({
        what: 'versions.pin',
        text: pinned ? `Pinned ${name}.` : `Unpinned ${name}.`,
      });
      await refresh();
      return toVersion(version);
    },
    /** The files with their SHA-256, or what is wrong with the records. Refusal NOT_FOUND. */
    fileList: async (name: string) => store.fileList(await find(name)),
    /** `verifiedFolder`: files hard-linked to one in it were just read and aren't read again. Refusal NOT_FOUND. */
    async verify(name: string, verifiedFolder: string | null = null): Promise<VersionCheck> {
      const check = await store.verify(await find(name), verifiedFolder);
      journal.write({
        what: 'versions.verify',
        text: check.ok
          ? `Verified ${name}: all ${check.files} files match their checksums.`
          : `${name} is damaged: ${check.problem ?? ''}.`,
      });
      return check;
    },
    /** What is wrong with the files of a version folder, also inside a backup; null: nothing. */
    problemAt: async (folder: string): Promise<string | null> =>
      (await store.verify({ name: path.basename(folder), folder })).problem,
    /** What a version was trained on, also inside a backup; null when it was not recorded. */
    async originOf(folder: string): Promise<CheckpointOrigin | null> {
      const manifest = await readVersionManifest(folder);
      return manifest.ok ? manifest.checkpoint : null;
    },
    /**
     * Refusals NOT_FOUND, LOCKED, NEEDS_CONFIRMATION (see the contract). There is no `pre-deletion` backup:
     * the trash keeps the same files for 30 days and takes no space on a disk that may be nearly full.
     */
    async remove(
      name: string,
      { confirm, last_copy, by }: { confirm: string | null; last_copy: boolean; by: string },
    ): Promise<void> {
      const version = await find(name);
      if (version.pinned)
        throw new Refusal('LOCKED', `${name} is pinned.`, {
          subject: name,
          next: 'Unpin it first.',
        });
      const isLast = await isLastCopy(version);
      if (confirm !== name || (isLast && !last_copy)) throw needsConfirmation(version, isLast);
      const folder = await store.toTrash(version, clock.now());
      journal.write({
        what: 'versions.delete',
        text: `Moved ${name} to the trash for ${TRASH_DAYS} days: ${folder} (${by}).`,
        step: version.step,
        evidence: { folder, last_copy: isLast },
      });
      await refresh();
    },
  };
}

function needsConfirmation({ name, step, bytes }: VersionFile, isLast: boolean): Refusal {
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
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

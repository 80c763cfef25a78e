/** The list of versions in memory: create, pin, verify, delete. */
import path from 'node:path';
import type { Point, Version, VersionAnswers, VersionCheck } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import { readVersionAnswers, toVersion } from '../../formats/index.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { CheckpointOrigin, CheckpointsRoom } from '../checkpoints/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import {
  createAfterPass,
  createFromNewest,
  type ManualVersionInput,
  type PassVersionInput,
} from './create-version.ts';
import {
  type DeleteConfirmation,
  deleteVersion,
  emptyTrash,
  findVersion,
  isLastCopy,
  isSamePoint,
} from './delete-version.ts';
import { readVersionManifest } from './version-files.ts';
import { VersionStore } from './version-store.ts';

export type VersionsRoom = Awaited<ReturnType<typeof createVersions>>;

export async function createVersions(options: {
  readonly paths: WorkspacePaths;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly lineage: LineageRoom;
  readonly checkpoints: Pick<CheckpointsRoom, 'newest' | 'has' | 'verify'>;
}) {
  const { paths, journal, checkpoints } = options;
  const store = new VersionStore(paths);
  const changed = new Emitter<void>();
  let versions: readonly Version[] = (await store.list()).map(toVersion);

  await emptyTrash({ ...options, store });

  async function refresh(): Promise<void> {
    versions = (await store.list()).map(toVersion);
    changed.emit(undefined);
  }

  return {
    changed,
    /** Newest first. */
    list: (): readonly Version[] => versions,
    /**
     * Calling it again for the same pass and step returns the same version. Refusal NOT_READY
     * (damaged checkpoint).
     */
    async create(input: PassVersionInput): Promise<Version> {
      const version = await createAfterPass({ ...options, store }, input);
      await refresh();
      return toVersion(version);
    },
    /**
     * Keeps the newest checkpoint. Refusal NOT_READY when there is none, or when a version has its
     * step already.
     */
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
      const version = await findVersion(store, name);
      return {
        version: toVersion(version),
        last_copy: await isLastCopy({ store, checkpoints }, version),
      };
    },
    /** Refusal NOT_FOUND. */
    async pin(name: string, pinned: boolean): Promise<Version> {
      const version = { ...(await findVersion(store, name)), pinned };
      await store.rewrite(version);
      journal.write({
        what: 'versions.pin',
        text: pinned ? `Pinned ${name}.` : `Unpinned ${name}.`,
      });
      await refresh();
      return toVersion(version);
    },
    /** The files with their SHA-256, or what is wrong with the records. Refusal NOT_FOUND. */
    fileList: async (name: string) => store.fileList(await findVersion(store, name)),
    /**
     * `verifiedFolder`: files hard-linked to one in it were just read and aren't read again.
     * Refusal NOT_FOUND.
     */
    async verify(name: string, verifiedFolder: string | null = null): Promise<VersionCheck> {
      const check = await store.verify(await findVersion(store, name), verifiedFolder);
      journal.write({
        what: 'versions.verify',
        text: check.ok
          ? `Verified ${name}: all ${check.files} files match their checksums.`
          : `${name} is damaged: ${check.problem ?? ''}.`,
      });
      return check;
    },
    /** Refusal NOT_FOUND. */
    answers: async (name: string): Promise<VersionAnswers> =>
      readVersionAnswers(paths, await findVersion(store, name)),
    /** What is wrong with the files of a version folder, also inside a backup; null: nothing. */
    problemAt: async (folder: string): Promise<string | null> =>
      (await store.verify({ name: path.basename(folder), folder })).problem,
    /** What a version was trained on, also inside a backup; null when it was not recorded. */
    async originOf(folder: string): Promise<CheckpointOrigin | null> {
      const manifest = await readVersionManifest(folder);
      return manifest.ok ? manifest.checkpoint : null;
    },
    /** Moves a version to the trash. Refusals NOT_FOUND, LOCKED, NEEDS_CONFIRMATION. */
    async remove(name: string, confirmation: DeleteConfirmation): Promise<void> {
      await deleteVersion({ ...options, store }, name, confirmation);
      await refresh();
    },
  };
}

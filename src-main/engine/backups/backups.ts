/** The list of backups in memory: create, verify, extract, clean up. */
import path from 'node:path';
import { bytes } from '../../contract/format.ts';
import { type Backup, type BackupCleanup, type BackupType, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { VersionsRoom } from '../versions/index.ts';
import { type Extracted, extractBackup } from './extracting.ts';
import { type BackupInput, makeBackup } from './making.ts';
import { type CleanupInput, cleanUp, withRetention } from './retention.ts';
import { BackupStore, type KnownBackup } from './store.ts';
import { createThreads } from './threads.ts';
import { createUsage } from './usage.ts';

export type BackupsRoom = Awaited<ReturnType<typeof createBackups>>;

/** A backup whose bytes no longer match its checksums. */
export interface DamageNews {
  readonly id: string;
  readonly problem: string;
}

export interface BackupsOptions {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly lineage: Pick<LineageRoom, 'branch'>;
  readonly versions: Pick<VersionsRoom, 'get' | 'fileList' | 'hasWeights'>;
  readonly trainer: Pick<TrainerRoom, 'work'>;
  readonly clock: Clock;
}

function requireId<T extends { readonly id: string }>(backups: readonly T[], id: string): T {
  const found = backups.find((backup) => backup.id === id);
  if (found === undefined)
    throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, { subject: id });
  return found;
}

export async function createBackups(options: BackupsOptions) {
  const { journal, clock } = options;
  const threads = createThreads();
  const store = new BackupStore(options.paths, (files) => threads.hash(files));
  const usage = createUsage();
  const changed = new Emitter<void>();
  const damaged = new Emitter<DamageNews>();
  let backups: readonly KnownBackup[] = [];
  const rules = () => options.config.values().disk;
  const list = (): readonly Backup[] => withRetention(backups, rules());

  async function refresh(): Promise<void> {
    backups = await store.list();
    changed.emit(undefined);
  }

  const partials = await store.removePartials();
  if (partials > 0)
    journal.write({
      what: 'backups.partials',
      text: `Removed ${String(partials)} unfinished ${partials === 1 ? 'backup' : 'backups'}.`,
    });
  await refresh();

  return {
    changed,
    damaged,
    /** Newest first. */
    list,
    /** Folder of the copied files, with their paths in the workspace or in the original folder. */
    contentOf: (id: string): string => store.contentOf(id),
    /** While `work` runs, no cleanup removes the backup. */
    using: usage.using,
    /** Refusals NOT_FOUND, INVALID, NOT_READY, DISK_FULL; a failed backup leaves nothing behind. */
    async create(input: BackupInput & { readonly type: BackupType }): Promise<Backup> {
      const made = await makeBackup({ ...options, store, threads }, input);
      journal.write({
        what: 'backups.create',
        text: `Created and verified backup ${made.id}: ${made.holds}, ${bytes(made.bytes)} (${input.reason}; ${input.by}).`,
        step: made.step,
        evidence: { folder: made.folder, source: input.source, files: made.files },
      });
      await refresh();
      return requireId(list(), made.id);
    },
    /** Compares every byte with its checksum and records the result. Refusal NOT_FOUND. */
    async verify(id: string): Promise<Backup> {
      const { step } = requireId(backups, id);
      const problem = await usage.using(id, () => store.problem(id));
      const verified = { t: clock.now(), ok: problem === null, problem };
      await store.remember(id, verified);
      // Also when a damaged backup.json can't record it.
      backups = (await store.list()).map((backup) =>
        backup.id === id ? { ...backup, verified } : backup,
      );
      changed.emit(undefined);
      const text =
        problem === null
          ? `Verified backup ${id}: every byte matches its checksum.`
          : `Backup ${id} is damaged: ${problem}.`;
      journal.write({ what: 'backups.verify', text, step });
      if (problem !== null) damaged.emit({ id, problem });
      return requireId(list(), id);
    },
    /** Refusals NOT_FOUND, INVALID (target folder not allowed), NOT_READY (damaged), DISK_FULL. */
    async extract(input: {
      readonly id: string;
      readonly to: string;
      readonly by: string;
    }): Promise<Extracted> {
      const { id } = requireId(backups, input.id);
      const extracted = await usage.using(id, () =>
        extractBackup({ ...options, store, threads }, id, path.normalize(input.to)),
      );
      journal.write({
        what: 'backups.extract',
        text: `Extracted backup ${id} to ${extracted.folder} and verified the copy (${input.by}).`,
        evidence: { ...extracted },
      });
      return extracted;
    },
    async cleanup(input: CleanupInput): Promise<BackupCleanup> {
      const result = await cleanUp({ ...options, store, usage, rules: rules() }, input);
      if (input.execute) await refresh();
      return result;
    },
    close(): void {
      threads.close();
    },
  };
}

/** The list of backups in memory, and what is done with them. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Backup, type BackupCleanup, type BackupType, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LineageRoom } from '../lineage/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { VersionsRoom } from '../versions/index.ts';
import { type CleanupCandidate, decideCleanup, protectedBackups } from './cleanup.ts';
import { type Extracted, extractBackup } from './extracting.ts';
import { type BackupInput, makeBackup } from './making.ts';
import { BackupStore, type KnownBackup } from './store.ts';
import { createThreads } from './threads.ts';

export type BackupsRoom = Awaited<ReturnType<typeof createBackups>>;

/** A backup whose bytes no longer match its checksums. */
export interface DamageNews {
  readonly id: string;
  readonly problem: string;
}

const SECONDS_PER_DAY = 86_400;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export async function createBackups(options: {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly lineage: Pick<LineageRoom, 'branch'>;
  readonly versions: Pick<VersionsRoom, 'get' | 'fileList' | 'hasWeights'>;
  readonly trainer: Pick<TrainerRoom, 'work'>;
  readonly clock: Clock;
}) {
  const threads = createThreads();
  const store = new BackupStore(options.paths, (files) => threads.hash(files));
  const changed = new Emitter<void>();
  const damaged = new Emitter<DamageNews>();
  /** Number of readers, by id. */
  const readers = new Map<string, number>();
  const partials = await store.removePartials();
  if (partials > 0)
    options.journal.write({
      what: 'backups.partials',
      text: `Removed ${String(partials)} unfinished ${partials === 1 ? 'backup' : 'backups'}.`,
    });
  let backups: readonly KnownBackup[] = await store.list();

  async function refresh(): Promise<void> {
    backups = await store.list();
    changed.emit(undefined);
  }

  async function using<T>(id: string, work: () => Promise<T>): Promise<T> {
    readers.set(id, (readers.get(id) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (readers.get(id) ?? 1) - 1;
      if (left === 0) readers.delete(id);
      else readers.set(id, left);
    }
  }

  function find(id: string): KnownBackup {
    store.folderOf(id);
    const found = backups.find((backup) => backup.id === id);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, { subject: id });
    return found;
  }

  const candidate = (backup: KnownBackup, isElsewhere: boolean): CleanupCandidate => ({
    id: backup.id,
    type: backup.type,
    created: backup.created,
    bytes: backup.bytes,
    state: backup.verified === null ? 'unknown' : backup.verified.ok ? 'good' : 'damaged',
    content: contentKey(backup),
    isElsewhere,
    inUse: readers.has(backup.id),
  });

  /** A backup that the rule keeps per type protects has no end of retention. */
  function withRetention(all: readonly KnownBackup[]): readonly Backup[] {
    const { backup_retention_days: retentionDays, keep_backups_per_type: perType } =
      options.config.values().disk;
    const protectedIds = protectedBackups(
      all.map((backup) => candidate(backup, false)),
      perType,
    );
    return all.map((backup) => ({
      ...backup,
      keep_until: protectedIds.has(backup.id)
        ? null
        : backup.created + retentionDays * SECONDS_PER_DAY,
    }));
  }
  const requireBackup = (id: string): Backup => {
    const found = withRetention(backups).find((backup) => backup.id === id);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, { subject: id });
    return found;
  };

  /** Whether the content also exists outside the backups: as a checkpoint, as a version, or in the folder itself. */
  async function isElsewhere(backup: KnownBackup): Promise<boolean> {
    if (backup.source.kind === 'folder')
      return stat(backup.source.path).then(
        (facts) =>
          facts.isDirectory() &&
          backup.source.kind === 'folder' &&
          backup.source.path !== backup.folder,
        () => false,
      );
    if (backup.branch === null || backup.step === null) return false;
    return options.versions.hasWeights({ branch: backup.branch, step: backup.step });
  }

  async function verify(id: string): Promise<Backup> {
    const { step } = find(id);
    const problem = await using(id, () => store.problem(id));
    const verified = { t: options.clock.now(), ok: problem === null, problem };
    await store.remember(id, verified);
    backups = (await store.list()).map((backup) =>
      backup.id === id ? { ...backup, verified } : backup,
    );
    changed.emit(undefined);
    options.journal.write({
      what: 'backups.verify',
      text:
        problem === null
          ? `Verified backup ${id}: every byte matches its checksum.`
          : `Backup ${id} is damaged: ${problem}.`,
      step,
    });
    if (problem !== null) damaged.emit({ id, problem });
    return requireBackup(id);
  }

  return {
    changed,
    damaged,
    /** Newest first. */
    list: (): readonly Backup[] => withRetention(backups),
    /** Refusals NOT_FOUND, INVALID, NOT_READY, DISK_FULL; a backup that fails leaves nothing behind. */
    async create(input: BackupInput & { readonly type: BackupType }): Promise<Backup> {
      const made = await makeBackup({ ...options, store, threads }, input);
      options.journal.write({
        what: 'backups.create',
        text: `Created and verified backup ${made.id}: ${made.holds}, ${megabytes(made.bytes)} (${input.reason}; ${input.by}).`,
        step: made.step,
        evidence: { folder: made.folder, source: input.source, files: made.files },
      });
      await refresh();
      return requireBackup(made.id);
    },
    verify,
    /** Folder of the copied files, with the paths that they have in the workspace or in the folder that was backed up. */
    contentOf: (id: string): string => store.contentOf(id),
    /** While `work` runs, no cleanup removes the backup. */
    using,
    /** Refusals NOT_FOUND, INVALID (target folder not allowed), NOT_READY (damaged), DISK_FULL. */
    async extract(input: {
      readonly id: string;
      readonly to: string;
      readonly by: string;
    }): Promise<Extracted> {
      const { id } = find(input.id);
      const done = await using(id, () =>
        extractBackup({ ...options, store, threads }, id, path.normalize(input.to)),
      );
      options.journal.write({
        what: 'backups.extract',
        text: `Extracted backup ${id} to ${done.folder} and verified the copy (${input.by}).`,
        evidence: { ...done },
      });
      return done;
    },
    async cleanup(input: {
      readonly retention_days: number | null;
      readonly last_copies: boolean;
      readonly execute: boolean;
      readonly by: string;
    }): Promise<BackupCleanup> {
      backups = await store.list();
      const { backup_retention_days: days, keep_backups_per_type: perType } =
        options.config.values().disk;
      const candidates: CleanupCandidate[] = [];
      for (const backup of backups) candidates.push(candidate(backup, await isElsewhere(backup)));
      const { removes, keeps } = decideCleanup(candidates, {
        now: options.clock.now(),
        retentionDays: input.retention_days ?? days,
        keepPerType: perType,
        lastCopies: input.last_copies,
      });
      const freed = removes.reduce((sum, removal) => sum + removal.bytes, 0);
      if (input.execute)
        for (const removal of removes) {
          // A reader may have started in the meantime; the next cleanup decides again.
          if (readers.has(removal.id)) continue;
          await store.remove(removal.id);
          options.journal.write({
            what: 'backups.cleanup',
            text: `Removed backup ${removal.id}: ${removal.why} (${input.by}).`,
            evidence: { bytes: removal.bytes },
          });
        }
      if (input.execute) await refresh();
      return {
        executed: input.execute,
        removes: [...removes],
        keeps: [...keeps],
        freed_bytes: freed,
      };
    },
    close(): void {
      threads.close();
    },
  };
}

/** The same text means the same content. A model and a version of one point differ: only the model has the optimizer state. */
function contentKey(backup: KnownBackup): string {
  switch (backup.source.kind) {
    case 'model':
      return `model ${backup.branch ?? ''} ${String(backup.step)}`;
    case 'version':
      return `version ${backup.branch ?? ''} ${String(backup.step)}`;
    case 'folder':
      return `folder ${backup.source.path}`;
  }
}

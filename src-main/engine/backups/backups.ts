/** The backups room: what is known of the backups, and what is done with them. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { bytes } from '../../contract/format.ts';
import { type Backup, type BackupCleanup, type BackupType, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { DiskRoom } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import type { TrainerRoom } from '../trainer/index.ts';
import type { VersionsRoom } from '../versions/index.ts';
import { type CleanupCandidate, decideCleanup, protectedOnes } from './cleanup.ts';
import { type Extracted, extractBackup } from './extracting.ts';
import { type BackupInput, makeBackup } from './making.ts';
import { BackupStore, type KnownBackup } from './store.ts';
import { createThreads } from './threads.ts';

export type BackupsRoom = Awaited<ReturnType<typeof createBackups>>;

/** A backup whose bytes are no longer what was copied. */
export interface DamageNews {
  readonly id: string;
  readonly problem: string;
}

const day = 86_400;

export async function createBackups(options: {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly versions: VersionsRoom;
  readonly trainer: Pick<TrainerRoom, 'work'>;
  readonly clock: Clock;
}) {
  const threads = createThreads();
  const store = new BackupStore(options.paths, (files) => threads.hash(files));
  const changed = new Emitter<void>();
  const damaged = new Emitter<DamageNews>();
  /** Being read: how often at once. */
  const reading = new Map<string, number>();
  const partials = await store.removePartials();
  if (partials > 0)
    options.journal.write({
      what: 'backups.partials',
      text: `${partials === 1 ? 'An unfinished backup was' : `${String(partials)} unfinished backups were`} removed.`,
    });
  let known: readonly KnownBackup[] = await store.list();

  async function reread(): Promise<void> {
    known = await store.list();
    changed.emit(undefined);
  }

  async function using<T>(id: string, work: () => Promise<T>): Promise<T> {
    reading.set(id, (reading.get(id) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (reading.get(id) ?? 1) - 1;
      if (left === 0) reading.delete(id);
      else reading.set(id, left);
    }
  }

  function find(id: string): KnownBackup {
    store.folderOf(id);
    const found = known.find((backup) => backup.id === id);
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
    holds: holdsOf(backup),
    isElsewhere,
    inUse: reading.has(backup.id),
  });

  /** A good one that the rule protects by its type has no end. */
  function withRetention(all: readonly KnownBackup[]): readonly Backup[] {
    const { backup_retention_days: keep, keep_backups_per_type: perType } =
      options.config.values().disk;
    const guarded = protectedOnes(
      all.map((backup) => candidate(backup, false)),
      perType,
    );
    return all.map((backup) => ({
      ...backup,
      keep_until: guarded.has(backup.id) ? null : backup.created + keep * day,
    }));
  }
  const shownOne = (id: string): Backup => {
    const found = withRetention(known).find((backup) => backup.id === id);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, { subject: id });
    return found;
  };

  /** Whether something beside the backups holds the same: a checkpoint or a version of the point, or the folder itself. */
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
    return options.versions.holds({ branch: backup.branch, step: backup.step });
  }

  async function verify(id: string): Promise<Backup> {
    const { step } = find(id);
    const problem = await using(id, () => store.problem(id));
    const verified = { t: options.clock.now(), ok: problem === null, problem };
    await store.remember(id, verified);
    known = (await store.list()).map((backup) =>
      backup.id === id ? { ...backup, verified } : backup,
    );
    changed.emit(undefined);
    options.journal.write({
      what: 'backups.verify',
      text:
        problem === null
          ? `Backup ${id}: every byte is what was copied.`
          : `Backup ${id} is damaged: ${problem}.`,
      step,
    });
    if (problem !== null) damaged.emit({ id, problem });
    return shownOne(id);
  }

  return {
    changed,
    damaged,
    /** Newest first. */
    list: (): readonly Backup[] => withRetention(known),
    /** Refusals NOT_FOUND, INVALID, NOT_READY, DISK_FULL; nothing is left of a backup that was not completed. */
    async create(input: BackupInput & { readonly type: BackupType }): Promise<Backup> {
      const made = await makeBackup({ ...options, store, threads }, input);
      options.journal.write({
        what: 'backups.create',
        text: `Backup ${made.id} was made and read back: ${made.holds}, ${bytes(made.bytes)} (${input.reason}; ${input.by}).`,
        step: made.step,
        evidence: { folder: made.folder, source: input.source, files: made.files },
      });
      await reread();
      return shownOne(made.id);
    },
    verify,
    /** Where the copied files of a backup lie: as they lay in the workspace, or as in the folder that was copied. */
    contentOf: (id: string): string => store.contentOf(id),
    /** While `work` runs, no clean-up removes the backup. */
    using,
    /** Refusals NOT_FOUND, INVALID (where it may not be put), NOT_READY (damaged), DISK_FULL. */
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
        text: `Backup ${id} was put into ${done.folder} and compared there (${input.by}).`,
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
      known = await store.list();
      const { backup_retention_days: days, keep_backups_per_type: perType } =
        options.config.values().disk;
      const candidates: CleanupCandidate[] = [];
      for (const backup of known) candidates.push(candidate(backup, await isElsewhere(backup)));
      const { removes, keeps } = decideCleanup(candidates, {
        now: options.clock.now(),
        retentionDays: input.retention_days ?? days,
        keepPerType: perType,
        lastCopies: input.last_copies,
      });
      const freed = removes.reduce((sum, removal) => sum + removal.bytes, 0);
      if (input.execute)
        for (const removal of removes) {
          // Somebody may have begun to read it meanwhile; the next clean-up looks at it again.
          if (reading.has(removal.id)) continue;
          await store.remove(removal.id);
          options.journal.write({
            what: 'backups.cleanup',
            text: `Backup ${removal.id} was removed: ${removal.why} (${input.by}).`,
            evidence: { bytes: removal.bytes },
          });
        }
      if (input.execute) await reread();
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

/** What it is a copy of. The model of a point and the version of that point hold the same weights, and not the same moments. */
function holdsOf(backup: KnownBackup): string {
  switch (backup.source.kind) {
    case 'model':
      return `model ${backup.branch ?? ''} ${String(backup.step)}`;
    case 'version':
      return `version ${backup.branch ?? ''} ${String(backup.step)}`;
    case 'folder':
      return `folder ${backup.source.path}`;
  }
}

/** The backups room: what is known of the backups, and what is done with them. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { bytes } from '../../contract/format.ts';
import { type Backup, type BackupCleanup, type BackupType, Refusal } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { Emitter } from '../../kit/emitter.ts';
import type { WorkspacePaths } from '../../kit/workspace.ts';
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

export async function createBackups(o: {
  readonly paths: WorkspacePaths;
  readonly config: ConfigRoom;
  readonly disk: DiskRoom;
  readonly journal: Journal;
  readonly versions: VersionsRoom;
  readonly trainer: Pick<TrainerRoom, 'work'>;
  readonly clock: Clock;
}) {
  const threads = createThreads();
  const store = new BackupStore(o.paths, (files) => threads.hash(files));
  const changed = new Emitter<void>();
  const damaged = new Emitter<DamageNews>();
  /** Being read: how often at once. */
  const reading = new Map<string, number>();
  const partials = await store.removePartials();
  if (partials > 0)
    o.journal.write({
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
    const found = known.find((one) => one.id === id);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, { subject: id });
    return found;
  }

  const candidate = (one: KnownBackup, isElsewhere: boolean): CleanupCandidate => ({
    id: one.id,
    type: one.type,
    created: one.created,
    bytes: one.bytes,
    state: one.verified === null ? 'unknown' : one.verified.ok ? 'good' : 'damaged',
    holds: holdsOf(one),
    isElsewhere,
    inUse: reading.has(one.id),
  });

  /** A good one that the rule protects by its type has no end. */
  function withRetention(all: readonly KnownBackup[]): readonly Backup[] {
    const { backup_retention_days: keep, keep_backups_per_type: perType } = o.config.values().disk;
    const guarded = protectedOnes(
      all.map((one) => candidate(one, false)),
      perType,
    );
    return all.map((one) => ({
      ...one,
      keep_until: guarded.has(one.id) ? null : one.created + keep * day,
    }));
  }
  const shownOne = (id: string): Backup => {
    const found = withRetention(known).find((one) => one.id === id);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, { subject: id });
    return found;
  };

  /** Whether something beside the backups holds the same: a checkpoint or a version of the point, or the folder itself. */
  async function isElsewhere(one: KnownBackup): Promise<boolean> {
    if (one.source.kind === 'folder')
      return stat(one.source.path).then(
        (facts) =>
          facts.isDirectory() && one.source.kind === 'folder' && one.source.path !== one.folder,
        () => false,
      );
    if (one.branch === null || one.step === null) return false;
    return o.versions.holds({ branch: one.branch, step: one.step });
  }

  async function verify(id: string): Promise<Backup> {
    const { step } = find(id);
    const problem = await using(id, () => store.problem(id));
    const verified = { t: o.clock.now(), ok: problem === null, problem };
    await store.remember(id, verified);
    known = (await store.list()).map((one) => (one.id === id ? { ...one, verified } : one));
    changed.emit(undefined);
    o.journal.write({
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
      const made = await makeBackup({ ...o, store, threads }, input);
      o.journal.write({
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
        extractBackup({ ...o, store, threads }, id, path.normalize(input.to)),
      );
      o.journal.write({
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
        o.config.values().disk;
      const candidates: CleanupCandidate[] = [];
      for (const one of known) candidates.push(candidate(one, await isElsewhere(one)));
      const { removes, keeps } = decideCleanup(candidates, {
        now: o.clock.now(),
        retentionDays: input.retention_days ?? days,
        keepPerType: perType,
        lastCopies: input.last_copies,
      });
      const freed = removes.reduce((sum, one) => sum + one.bytes, 0);
      if (input.execute)
        for (const one of removes) {
          // Somebody may have begun to read it meanwhile; the next clean-up looks at it again.
          if (reading.has(one.id)) continue;
          await store.remove(one.id);
          o.journal.write({
            what: 'backups.cleanup',
            text: `Backup ${one.id} was removed: ${one.why} (${input.by}).`,
            evidence: { bytes: one.bytes },
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
function holdsOf(one: KnownBackup): string {
  switch (one.source.kind) {
    case 'model':
      return `model ${one.branch ?? ''} ${String(one.step)}`;
    case 'version':
      return `version ${one.branch ?? ''} ${String(one.step)}`;
    case 'folder':
      return `folder ${one.source.path}`;
  }
}

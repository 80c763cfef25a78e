/** Until when each backup is kept, and the cleanup that follows from it. */
import { stat } from 'node:fs/promises';
import type { Backup, BackupCleanup, Config } from '../../contract/index.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Journal } from '../journal/index.ts';
import type { VersionsRoom } from '../versions/index.ts';
import { type CleanupCandidate, decideCleanup, protectedBackups } from './cleanup.ts';
import type { BackupStore, KnownBackup } from './store.ts';
import type { BackupUsage } from './usage.ts';

const SECONDS_PER_DAY = 86_400;

export type RetentionRules = Pick<
  Config['disk'],
  'backup_retention_days' | 'keep_backups_per_type'
>;

export interface CleanupInput {
  /** null: as configured. */
  readonly retention_days: number | null;
  readonly last_copies: boolean;
  readonly execute: boolean;
  readonly by: string;
}

/** A backup that is protected as one of the newest of its type has no end of retention. */
export function withRetention(
  backups: readonly KnownBackup[],
  { backup_retention_days: days, keep_backups_per_type: perType }: RetentionRules,
): readonly Backup[] {
  const protectedIds = protectedBackups(
    backups.map((backup) => toCandidate(backup, false, false)),
    perType,
  );
  return backups.map((backup) => ({
    ...backup,
    keep_until: protectedIds.has(backup.id) ? null : backup.created + days * SECONDS_PER_DAY,
  }));
}

/** Decides over all backups; removes them only with `execute`. */
export async function cleanUp(
  options: {
    readonly store: BackupStore;
    readonly usage: BackupUsage;
    readonly rules: RetentionRules;
    readonly versions: Pick<VersionsRoom, 'hasWeights'>;
    readonly journal: Journal;
    readonly clock: Clock;
  },
  input: CleanupInput,
): Promise<BackupCleanup> {
  const { store, usage, rules, versions, journal } = options;
  const candidates: CleanupCandidate[] = [];
  for (const backup of await store.list())
    candidates.push(
      toCandidate(backup, await isElsewhere(versions, backup), usage.isInUse(backup.id)),
    );
  const { removes, keeps } = decideCleanup(candidates, {
    now: options.clock.now(),
    retentionDays: input.retention_days ?? rules.backup_retention_days,
    keepPerType: rules.keep_backups_per_type,
    lastCopies: input.last_copies,
  });
  if (input.execute)
    for (const { id, why, bytes } of removes) {
      // A reader may have started in the meantime; the next cleanup decides again.
      if (usage.isInUse(id)) continue;
      await store.remove(id);
      journal.write({
        what: 'backups.cleanup',
        text: `Removed backup ${id}: ${why} (${input.by}).`,
        evidence: { bytes },
      });
    }
  return {
    executed: input.execute,
    removes: [...removes],
    keeps: [...keeps],
    freed_bytes: removes.reduce((sum, removal) => sum + removal.bytes, 0),
  };
}

/** Whether the content also exists as a checkpoint, as a version, or in the original folder. */
async function isElsewhere(
  versions: Pick<VersionsRoom, 'hasWeights'>,
  { source, folder, branch, step }: KnownBackup,
): Promise<boolean> {
  if (source.kind === 'folder')
    return stat(source.path).then(
      (facts) => facts.isDirectory() && source.path !== folder,
      () => false,
    );
  return branch !== null && step !== null && versions.hasWeights({ branch, step });
}

function toCandidate(backup: KnownBackup, isElsewhere: boolean, inUse: boolean): CleanupCandidate {
  const { id, type, created, bytes, verified } = backup;
  const state = verified === null ? 'unknown' : verified.ok ? 'good' : 'damaged';
  return { id, type, created, bytes, state, content: contentKey(backup), isElsewhere, inUse };
}

/**
 * The same text means the same content. A model and a version of one point differ: only the model
 * has the optimizer state.
 */
function contentKey({ source, branch, step }: KnownBackup): string {
  switch (source.kind) {
    case 'model':
      return `model ${branch ?? ''} ${String(step)}`;
    case 'version':
      return `version ${branch ?? ''} ${String(step)}`;
    case 'folder':
      return `folder ${source.path}`;
  }
}

/** Which backups a cleanup removes and keeps, each with its reason. Pure. */
import type { BackupType } from '../../contract/index.ts';

export interface CleanupCandidate {
  readonly id: string;
  readonly type: BackupType;
  /** Unix seconds. */
  readonly created: number;
  readonly bytes: number;
  /** Result of the last verification; `unknown`: never verified. */
  readonly state: 'good' | 'damaged' | 'unknown';
  /** Backups with the same text have the same content. */
  readonly content: string;
  /** A checkpoint, a version or the original folder also has the content. */
  readonly isElsewhere: boolean;
  /** Being read at the moment. */
  readonly inUse: boolean;
}

export interface CleanupRules {
  readonly now: number;
  readonly retentionDays: number;
  /** Verified backups of each type that are kept regardless of age; at least 1. */
  readonly keepPerType: number;
  /**
   * Confirmed: also remove last copies. The newest verified backups of each type are kept even
   * then.
   */
  readonly lastCopies: boolean;
}

export interface CleanupDecision {
  readonly removes: readonly {
    readonly id: string;
    readonly bytes: number;
    readonly why: string;
  }[];
  readonly keeps: readonly { readonly id: string; readonly bytes: number; readonly why: string }[];
}

const SECONDS_PER_DAY = 86_400;
const days = (seconds: number): string => {
  const count = Math.floor(seconds / SECONDS_PER_DAY);
  return `${String(count)} ${count === 1 ? 'day' : 'days'}`;
};

/** Ids of the newest verified backups of each type, which are never removed. */
export function protectedBackups(
  all: readonly CleanupCandidate[],
  keepPerType: number,
): ReadonlySet<string> {
  const idsByType = new Map<BackupType, string[]>();
  for (const candidate of newestFirst(all)) {
    const ids = idsByType.get(candidate.type) ?? [];
    if (candidate.state === 'good' && ids.length < Math.max(1, keepPerType)) ids.push(candidate.id);
    idsByType.set(candidate.type, ids);
  }
  return new Set([...idsByType.values()].flat());
}

/**
 * Decides oldest first, so that the newest of several copies stays. A backup that isn't verified
 * protects no other one: its bytes may be damaged.
 */
export function decideCleanup(
  all: readonly CleanupCandidate[],
  rules: CleanupRules,
): CleanupDecision {
  const protectedIds = protectedBackups(all, rules.keepPerType);
  const removed = new Set<string>();
  const why = new Map<string, string>();
  for (const candidate of newestFirst(all).toReversed()) {
    const age = rules.now - candidate.created;
    const hasOther =
      candidate.isElsewhere ||
      all.some(
        (other) =>
          other.id !== candidate.id &&
          other.content === candidate.content &&
          other.state === 'good' &&
          !removed.has(other.id),
      );
    const keep = (reason: string): void => {
      why.set(candidate.id, reason);
    };
    if (protectedIds.has(candidate.id))
      keep(
        rules.keepPerType > 1
          ? `one of the newest ${String(rules.keepPerType)} verified backups of its type`
          : 'newest verified backup of its type',
      );
    else if (candidate.inUse) keep('in use');
    else if (age < rules.retentionDays * SECONDS_PER_DAY)
      keep(`${days(age)} old, kept for ${days(rules.retentionDays * SECONDS_PER_DAY)}`);
    else if (!hasOther && !rules.lastCopies)
      keep(
        candidate.state === 'damaged'
          ? 'damaged, but the only copy'
          : 'last copy: not saved anywhere else',
      );
    else {
      removed.add(candidate.id);
      why.set(candidate.id, reasonToRemove(candidate, age, hasOther));
    }
  }
  const listed = (isRemoved: boolean): { id: string; bytes: number; why: string }[] =>
    newestFirst(all)
      .filter((candidate) => removed.has(candidate.id) === isRemoved)
      .map((candidate) => ({
        id: candidate.id,
        bytes: candidate.bytes,
        why: why.get(candidate.id) ?? '',
      }));
  return { removes: listed(true), keeps: listed(false) };
}

function reasonToRemove(candidate: CleanupCandidate, age: number, hasOther: boolean): string {
  const copies = hasOther ? 'also saved elsewhere' : 'last copy, confirmed';
  const state = candidate.state === 'damaged' ? ', damaged' : '';
  return `${days(age)} old${state}, ${copies}`;
}

const newestFirst = (all: readonly CleanupCandidate[]): readonly CleanupCandidate[] =>
  all.toSorted((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));

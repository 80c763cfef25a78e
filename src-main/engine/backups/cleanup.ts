/** What a clean-up of backups removes and keeps, each with its reason. Pure. */
import type { BackupType } from '../../contract/index.ts';

export interface CleanupCandidate {
  readonly id: string;
  readonly type: BackupType;
  /** Unix seconds. */
  readonly created: number;
  readonly bytes: number;
  /** What the last verification said. `unknown`: none was made. */
  readonly state: 'good' | 'damaged' | 'unknown';
  /** What it is a copy of: the same text, the same thing. */
  readonly holds: string;
  /** A checkpoint, a version, or the folder itself has it as well. */
  readonly isElsewhere: boolean;
  /** It is being read right now. */
  readonly inUse: boolean;
}

export interface CleanupRules {
  readonly now: number;
  readonly retentionDays: number;
  /** Good ones of each type that stay whatever their age; at least one does. */
  readonly keepPerType: number;
  /** Agreed to: also what nothing else holds. The newest good ones of a type stay all the same. */
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

const day = 86_400;
const days = (seconds: number): string => {
  const count = Math.floor(seconds / day);
  return `${String(count)} ${count === 1 ? 'day' : 'days'}`;
};

/** The newest good ones of each type, by id: they are never removed. */
export function protectedOnes(
  all: readonly CleanupCandidate[],
  keepPerType: number,
): ReadonlySet<string> {
  const kept = new Map<BackupType, string[]>();
  for (const candidate of newestFirst(all)) {
    const ids = kept.get(candidate.type) ?? [];
    if (candidate.state === 'good' && ids.length < Math.max(1, keepPerType)) ids.push(candidate.id);
    kept.set(candidate.type, ids);
  }
  return new Set([...kept.values()].flat());
}

/**
 * Oldest first, so that of several copies of one thing the newest stays. A copy whose bytes are not known to be good counts for
 * nothing: it protects no other one.
 */
export function decideCleanup(
  all: readonly CleanupCandidate[],
  rules: CleanupRules,
): CleanupDecision {
  const guarded = protectedOnes(all, rules.keepPerType);
  const gone = new Set<string>();
  const why = new Map<string, string>();
  for (const candidate of newestFirst(all).toReversed()) {
    const age = rules.now - candidate.created;
    const hasOther =
      candidate.isElsewhere ||
      all.some(
        (other) =>
          other.id !== candidate.id &&
          other.holds === candidate.holds &&
          other.state === 'good' &&
          !gone.has(other.id),
      );
    const keep = (reason: string): void => {
      why.set(candidate.id, reason);
    };
    if (guarded.has(candidate.id))
      keep(
        rules.keepPerType > 1
          ? `one of the newest ${String(rules.keepPerType)} good ones of its type`
          : 'the newest good one of its type',
      );
    else if (candidate.inUse) keep('it is being read');
    else if (age < rules.retentionDays * day)
      keep(`${days(age)} old, kept for ${days(rules.retentionDays * day)}`);
    else if (!hasOther && !rules.lastCopies)
      keep(
        candidate.state === 'damaged'
          ? 'damaged, and nothing else holds it'
          : 'the last copy: nothing else holds it',
      );
    else {
      gone.add(candidate.id);
      why.set(candidate.id, reasonToRemove(candidate, age, hasOther));
    }
  }
  const told = (isGone: boolean): { id: string; bytes: number; why: string }[] =>
    newestFirst(all)
      .filter((candidate) => gone.has(candidate.id) === isGone)
      .map((candidate) => ({
        id: candidate.id,
        bytes: candidate.bytes,
        why: why.get(candidate.id) ?? '',
      }));
  return { removes: told(true), keeps: told(false) };
}

function reasonToRemove(candidate: CleanupCandidate, age: number, hasOther: boolean): string {
  const copies = hasOther ? 'held elsewhere as well' : 'the last copy, agreed to';
  const state = candidate.state === 'damaged' ? ', damaged' : '';
  return `${days(age)} old${state}, ${copies}`;
}

const newestFirst = (all: readonly CleanupCandidate[]): readonly CleanupCandidate[] =>
  all.toSorted((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
